internal import Connections
internal import SystemPackage

/// The open directory of one process. Everything read through it belongs to that process.
struct ProcessDirectory: ~Copyable {
  let pid: Int32
  private let directory: Directory
  private let containers: (any ContainerNames)?

  init(
    pid: Int32, below root: borrowing Directory, _ containers: (any ContainerNames)? = nil
  ) throws(Errno) {
    self.pid = pid
    self.containers = containers
    directory = try root.subdirectory("\(pid)")
  }

  /// Opens a subdirectory, `fd` or `task`.
  func open(_ name: String) throws(Errno) -> Directory { try directory.subdirectory(name) }

  /// The inode of the process's network namespace.
  func networkNamespace() throws(Errno) -> UInt64 { try directory.networkNamespace("ns/net") }

  /// The number of open descriptors that the kernel reports (Linux 6.2 and later); nil in a copy of
  /// `/proc`.
  ///
  /// 0 can also mean that the kernel does not report it.
  func descriptorDirectorySize() throws(Errno) -> Int? {
    directory.isInProcFileSystem ? try directory.size(of: "fd") : nil
  }

  /// The number of threads, from the link count of the `task` directory. It costs less than reading
  /// a file, but works only in a real `/proc`.
  func threadCount() throws(Errno) -> Int { try directory.linkCount(of: "task") - 2 }

  /// Reads `stat`; nil if it is malformed.
  func status() throws(Errno) -> ProcessStatus? {
    ProcessStatus(try directory.bytes(of: "stat", isOneRecord: true))
  }

  /// Reads the identity and name of an owner, and `details`. Facts that cannot be read are nil.
  ///
  /// - Throws: the reason why `stat` cannot be read: the process has ended, or is hidden.
  func owner(_ details: OwnerDetails) throws(Errno) -> OwnerProcess {
    let status = try status()
    let (name, executable) = (status?.name, details.contains(.program) ? executable : nil)
    let keepsCommand = details.contains(.command)
    let readsCommand =
      keepsCommand
      || details.contains(.program) && OwnerProcess.needsCommand(name: name, executable: executable)
    return OwnerProcess(
      identity: ProcessIdentity(pid: pid, startTicks: status?.startTicks), name: name,
      executable: executable, command: readsCommand ? command : nil, keepsCommand: keepsCommand,
      userID: details.contains(.user) ? userID : nil,
      controlGroup: details.contains(.controlGroup) ? controlGroup : nil)
  }

  /// The command line, which anyone may read; nil for a process that has ended.
  private var command: ProcessCommand? {
    (try? directory.bytes(of: "cmdline", upTo: ProcessCommand.maximumLength + 1))
      .flatMap { ProcessCommand(cmdline: $0) }
  }

  /// The initial environment of the process: NUL-terminated variables.
  func environment() throws(Errno) -> [UInt8] { try directory.bytes(of: "environ") }

  /// The cgroup, which anyone may read.
  var controlGroup: ControlGroup? {
    (try? directory.bytes(of: "cgroup", isOneRecord: true))
      .flatMap { ControlGroupMembership.controlGroup($0, containers) }
  }

  /// The executable; a kernel thread has none.
  private var executable: KernelName? {
    guard let target = try? directory.target(of: "exe") else { return nil }
    let mark = Array(" (deleted)".utf8)
    let isMarked = target.suffix(mark.count).elementsEqual(mark)
    return KernelName(bytes: target.dropLast(isMarked ? mark.count : 0))
  }

  /// The first number of the line `Uid:`. The kernel escapes newlines in the name above it.
  private var userID: UInt32? {
    guard let status = try? directory.bytes(of: "status", isOneRecord: true) else { return nil }
    let label = Array("Uid:".utf8)
    var rest = status[...]
    while !rest.starts(with: label) {
      guard let end = rest.firstIndex(of: 0x0a) else { return nil }
      rest = rest[(end + 1)...]
    }
    let numbers = rest.dropFirst(label.count).drop { $0 == 0x09 || $0 == 0x20 }
    let real = numbers.prefix { $0 != 0x09 && $0 != 0x20 && $0 != 0x0a }
    return real.decimal.flatMap(UInt32.init(exactly:))
  }
}
