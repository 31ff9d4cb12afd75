public import SystemPackage

/// Something in `/proc` that could not be read, so that an owner may be missing from the table.
///
/// A process that ended meanwhile leaves no gap.
public struct ProcessGap: Hashable, Sendable {
  /// The process.
  public let pid: Int32
  /// What of it could not be read.
  public let part: Part
  /// Why; EACCES and EPERM are for want of CAP_SYS_PTRACE or CAP_DAC_READ_SEARCH.
  public let error: Errno

  /// Whether the kernel refuses the reader, and would do so again.
  public var isRefused: Bool { error == .permissionDenied || error == .notPermitted }

  /// The gap left by `part` of the process `pid`.
  public init(pid: Int32, part: Part, error: Errno) {
    self.pid = pid
    self.part = part
    self.error = error
  }

  /// The parts of a process that are read to find its sockets.
  public enum Part: Hashable, Sendable {
    /// The folder of the process (`PID`).
    case process
    /// All its descriptors (`PID/fd`).
    case descriptors
    /// One descriptor (`PID/fd/N`), the first of those that could not be read.
    case descriptor(Int32)
    /// Which threads it has (`PID/task`).
    case threads
    /// All descriptors of one thread (`PID/task/TID/fd`).
    case descriptorsOfThread(Int32)
    /// One descriptor of one thread, the first of those that could not be read.
    case descriptorOfThread(Int32, descriptor: Int32)
  }
}

extension ProcessGap: Comparable {
  /// By pid, then in the order in which the parts are read.
  public static func < (one: ProcessGap, other: ProcessGap) -> Bool {
    (one.pid, one.rank.0, one.rank.1, one.rank.2, one.error.rawValue)
      < (other.pid, other.rank.0, other.rank.1, other.rank.2, other.error.rawValue)
  }

  private var rank: (Int, Int32, Int32) {
    switch part {
    case .process: (0, 0, 0)
    case .descriptors: (1, 0, 0)
    case .descriptor(let descriptor): (2, descriptor, 0)
    case .threads: (3, 0, 0)
    case .descriptorsOfThread(let thread): (4, thread, 0)
    case .descriptorOfThread(let thread, let descriptor): (5, thread, descriptor)
    }
  }
}
