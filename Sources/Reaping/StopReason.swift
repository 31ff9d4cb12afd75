internal import Glibc
public import SystemPackage

/// Why a run stopped before all of its plan was done.
public enum StopReason: Equatable, Sendable {
  /// A signal, by its number: SIGINT, SIGTERM or SIGHUP.
  case signal(Int32)
  /// The time that the caller gave it was up, or would have been before the next closing.
  case timeIsUp
  /// Nobody reads standard output any more (`EPIPE`).
  case outputClosed
  /// What was to be closed next could not be written down, for this reason.
  case cannotRecord(Errno)
}

extension StopReason: CustomStringConvertible {
  /// The reason, as a user reads it.
  public var description: String {
    switch self {
    case .signal(let number): "stopped by \(Self.name(ofSignal: number))"
    case .timeIsUp: "the time was up"
    case .outputClosed: "nobody reads the output any more"
    case .cannotRecord(let errno): "the audit log could not be written: \(errno)"
    }
  }

  private static func name(ofSignal number: Int32) -> String {
    switch number {
    case SIGINT: "SIGINT"
    case SIGTERM: "SIGTERM"
    case SIGHUP: "SIGHUP"
    default: "signal \(number)"
    }
  }
}
