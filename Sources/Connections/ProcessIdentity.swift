/// A process, identified by its pid and its start time, because pids are reused.
public struct ProcessIdentity: Hashable, Sendable {
  /// The pid in the pid namespace of the reader.
  public let pid: Int32
  /// The start time in clock ticks since boot (field 22 of `/proc/PID/stat`); nil if unreadable.
  public let startTicks: UInt64?

  /// Creates the identity of the process with `pid` that started at `startTicks`.
  public init(pid: Int32, startTicks: UInt64?) {
    self.pid = pid
    self.startTicks = startTicks
  }
}

/// A process that holds a socket. Values that could not be read are nil.
public struct OwnerProcess: Hashable, Sendable {
  /// The identity of the process.
  public let identity: ProcessIdentity
  /// The command name (`/proc/PID/comm`). The process chooses it: escape it before printing.
  public let name: KernelName?
  /// The path of the executable (`/proc/PID/exe`), without ` (deleted)`.
  public let executable: KernelName?
  /// The real user id of the process.
  public let userID: UInt32?
  /// The cgroup of the process.
  public let controlGroup: ControlGroup?

  /// Creates a process from the values that could be read.
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

  /// The pid in the pid namespace of the reader.
  public var pid: Int32 { identity.pid }

  /// The last component of ``executable``.
  public var executableName: KernelName? {
    executable?.bytes.split(separator: UInt8(ascii: "/")).last.map { KernelName(bytes: $0) }
  }
}

extension OwnerProcess {
  /// The name and the pid: `java[1744]`.
  public var label: KernelName { .label(ofProcess: name ?? executableName, pid: pid) }
}

extension KernelName {
  /// The label of a process, `?[1744]` if its name is unknown.
  public static func label(ofProcess name: KernelName?, pid: Int32) -> KernelName {
    (name ?? "?") + "[\(pid)]"
  }
}
