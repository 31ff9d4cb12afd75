public import SystemPackage

/// Something in `/proc` that could not be read, so an owner may be missing from the table.
///
/// A process that ended meanwhile leaves no gap.
public struct ProcessGap: Hashable, Sendable {
  /// The process ID.
  public let pid: Int32
  /// The part that could not be read.
  public let part: Part
  /// The reason. EACCES and EPERM mean a missing CAP_SYS_PTRACE or CAP_DAC_READ_SEARCH.
  public let error: Errno

  /// Whether the kernel refused the reader, and would refuse again.
  public var isRefused: Bool { error == .permissionDenied || error == .notPermitted }

  /// A gap for `part` of the process `pid`.
  public init(pid: Int32, part: Part, error: Errno) {
    self.pid = pid
    self.part = part
    self.error = error
  }

  /// The parts of a process that are read to find its sockets.
  public enum Part: Hashable, Sendable {
    /// The directory of the process (`PID`).
    case process
    /// All descriptors (`PID/fd`).
    case descriptors
    /// The first unreadable descriptor (`PID/fd/N`).
    case descriptor(Int32)
    /// The list of threads (`PID/task`).
    case threads
    /// All descriptors of one thread (`PID/task/TID/fd`).
    case descriptorsOfThread(Int32)
    /// The first unreadable descriptor of one thread.
    case descriptorOfThread(Int32, descriptor: Int32)
  }
}

extension ProcessGap: Comparable {
  /// Orders by pid, then by the order in which the parts are read.
  public static func < (lhs: ProcessGap, rhs: ProcessGap) -> Bool {
    (lhs.pid, lhs.rank.0, lhs.rank.1, lhs.rank.2, lhs.error.rawValue)
      < (rhs.pid, rhs.rank.0, rhs.rank.1, rhs.rank.2, rhs.error.rawValue)
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
