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
  /// The program that the process runs: the jar, main class, module or script of an interpreter,
  /// or else the command name in full; nil if unknown. Escape it before printing.
  public let program: KernelName?
  /// The command line (`/proc/PID/cmdline`); nil if unknown or not read. It may contain secrets.
  public let command: ProcessCommand?
  /// The real user id of the process.
  public let userID: UInt32?
  /// The cgroup of the process.
  public let controlGroup: ControlGroup?

  /// Creates a process from the values that could be read.
  public init(
    identity: ProcessIdentity, name: KernelName?, executable: KernelName?, program: KernelName?,
    command: ProcessCommand?, userID: UInt32?, controlGroup: ControlGroup?
  ) {
    self.identity = identity
    self.name = name
    self.executable = executable
    self.program = program
    self.command = command
    self.userID = userID
    self.controlGroup = controlGroup
  }

  /// Creates a process whose program has the command name or, without one, the name of the
  /// executable.
  public init(
    identity: ProcessIdentity, name: KernelName?, executable: KernelName?, userID: UInt32?,
    controlGroup: ControlGroup? = nil
  ) {
    let base = executable.map { KernelName(bytes: ProgramName.lastComponent(of: $0.bytes)) }
    self.init(
      identity: identity, name: name, executable: executable, program: name ?? base, command: nil,
      userID: userID, controlGroup: controlGroup)
  }

  /// Creates a process and names its program.
  ///
  /// - Parameters:
  ///   - command: the command line; nil if it could not be read or ``needsCommand(name:executable:)``
  ///     is false.
  ///   - keepsCommand: whether to keep the command line after the program has been named.
  public init(
    identity: ProcessIdentity, name: KernelName?, executable: KernelName?,
    command: ProcessCommand?, keepsCommand: Bool, userID: UInt32?, controlGroup: ControlGroup?
  ) {
    self.init(
      identity: identity, name: name, executable: executable,
      program: ProgramName.of(name: name, executable: executable, command: command),
      command: keepsCommand ? command : nil, userID: userID, controlGroup: controlGroup)
  }

  /// Whether the command line is needed to name the program of a process.
  public static func needsCommand(name: KernelName?, executable: KernelName?) -> Bool {
    ProgramName.needsCommand(name: name, executable: executable)
  }

  /// The same process with its cgroup replaced.
  public func replacing(controlGroup: ControlGroup?) -> OwnerProcess {
    OwnerProcess(
      identity: identity, name: name, executable: executable, program: program, command: command,
      userID: userID, controlGroup: controlGroup)
  }

  /// The pid in the pid namespace of the reader.
  public var pid: Int32 { identity.pid }

  /// The last component of ``executable``.
  public var executableName: KernelName? {
    executable?.bytes.split(separator: UInt8(ascii: "/")).last.map { KernelName(bytes: $0) }
  }
}

extension OwnerProcess {
  /// The program and the pid: `orders.jar[1744]`.
  public var label: KernelName { .label(ofProcess: shownName, pid: pid) }

  /// The program or, if it is unknown, the command name or the name of the executable.
  public var shownName: KernelName? { program ?? name ?? executableName }
}

extension KernelName {
  /// The label of a process, `?[1744]` if its name is unknown.
  public static func label(ofProcess name: KernelName?, pid: Int32) -> KernelName {
    (name ?? "?") + "[\(pid)]"
  }
}
