internal import Glibc
public import SystemPackage

/// Why a run stopped before the end of its plan.
public enum StopReason: Equatable, Sendable {
  /// A signal: SIGINT, SIGTERM or SIGHUP.
  case signal(Int32)
  /// The timeout was reached, or would have been before the next closing.
  case timeoutReached
  /// Standard output was closed (`EPIPE`).
  case outputClosed
  /// The next closing could not be written to the audit log.
  case cannotRecord(Errno)
}

extension StopReason: CustomStringConvertible {
  /// The reason, for a user.
  public var description: String {
    switch self {
    case .signal(let number): "stopped by \(Self.name(ofSignal: number))"
    case .timeoutReached: "timeout reached"
    case .outputClosed: "output closed"
    case .cannotRecord(let errno): "cannot write the audit log: \(errno)"
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
