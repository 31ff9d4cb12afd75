/// One process: its pid, and the start time that tells it from a later one with the same pid.
public struct ProcessIdentity: Hashable, Sendable {
  /// The process id, in the pid namespace of the reader.
  public let pid: Int32
  /// Field 22 of `/proc/PID/stat`, in clock ticks since boot; nil when it could not be read.
  public let startTicks: UInt64?

  /// The process with `pid` that started at `startTicks`.
  public init(pid: Int32, startTicks: UInt64?) {
    self.pid = pid
    self.startTicks = startTicks
  }
}

/// What is known of a process that holds a socket. A fact that could not be read is nil.
public struct OwnerProcess: Hashable, Sendable {
  /// Which process it is.
  public let identity: ProcessIdentity
  /// The command name (`/proc/PID/comm`), as the process chose it: escape it before printing.
  public let name: KernelName?
  /// The path of the executable (`/proc/PID/exe`), with ` (deleted)` taken off.
  public let executable: KernelName?
  /// The real user id of the process.
  public let userID: UInt32?
  /// The cgroup that it runs in.
  public let controlGroup: ControlGroup?

  /// A process of which these facts are known.
  public init(
    identity: ProcessIdentity, name: KernelName?, executable: KernelName?, userID: UInt32?,
    controlGroup: ControlGroup? = nil
  ) {
    self.identity = identity
    self.name = name
    self.executable = executable
    self.userID = userID
    self.controlGroup = controlGroup
  }

  /// The process id, in the pid namespace of the reader.
  public var pid: Int32 { identity.pid }

  /// The last component of ``executable``.
  public var executableName: KernelName? {
    executable?.bytes.split(separator: UInt8(ascii: "/")).last.map { KernelName(bytes: $0) }
  }
}
