internal import Connections
internal import SystemPackage

/// The open folder of one process. What is read through it is all of that process.
struct ProcessFolder: ~Copyable {
  let pid: Int32
  private let folder: Folder
  private let containers: (any ContainerNames)?

  init(
    pid: Int32, below root: borrowing Folder, _ containers: (any ContainerNames)? = nil
  ) throws(Errno) {
    self.pid = pid
    self.containers = containers
    folder = try root.folder("\(pid)")
  }

  /// Opens a folder of the process, `fd` or `task`.
  func open(_ name: String) throws(Errno) -> Folder { try folder.folder(name) }

  /// The inode of the network namespace that the process is in; nil when the link is malformed.
  func networkNamespace() throws(Errno) -> UInt64 { try folder.networkNamespace("ns/net") }

  /// How many descriptors the kernel says are open (Linux 6.2 and later); nil in a copy of `/proc`.
  ///
  /// 0 can also mean that the kernel does not say.
  func sizeOfDescriptorFolder() throws(Errno) -> Int? {
    folder.isInProcFileSystem ? try folder.size(of: "fd") : nil
  }

  /// How many threads the process has, by the number of links of its `task` folder; only in a
  /// `/proc` of the kernel. It costs less than reading a file.
  func threadCount() throws(Errno) -> Int { try folder.linkCount(of: "task") - 2 }

  /// Reads `stat`; nil when it is malformed.
  func status() throws(Errno) -> ProcessStatus? {
    ProcessStatus(try folder.bytes(of: "stat", isOneRecord: true))
  }

  /// Reads what is to be known of an owner: `details` beside which process it is, and its name.
  /// What cannot be read is nil.
  ///
  /// - Throws: the reason why `stat` cannot be read: the process has ended, or is hidden.
  func owner(_ details: OwnerDetails) throws(Errno) -> OwnerProcess {
    let status = try status()
    return OwnerProcess(
      identity: ProcessIdentity(pid: pid, startTicks: status?.startTicks), name: status?.name,
      executable: details.contains(.executable) ? executable : nil,
      userID: details.contains(.user) ? userID : nil,
      controlGroup: details.contains(.controlGroup) ? controlGroup : nil)
  }

  /// The environment that the process was started with: variables that end with a NUL each.
  func environment() throws(Errno) -> [UInt8] { try folder.bytes(of: "environ") }

  /// Anyone may read it.
  var controlGroup: ControlGroup? {
    (try? folder.bytes(of: "cgroup", isOneRecord: true))
      .flatMap { ControlGroupMembership.controlGroup($0, containers) }
  }

  /// A thread of the kernel has none.
  private var executable: KernelName? {
    guard let target = try? folder.target(of: "exe") else { return nil }
    let mark = Array(" (deleted)".utf8)
    let isMarked = target.suffix(mark.count).elementsEqual(mark)
    return KernelName(bytes: target.dropLast(isMarked ? mark.count : 0))
  }

  /// The first number of the line `Uid:`. The kernel escapes the newlines of the name above it.
  private var userID: UInt32? {
    guard let status = try? folder.bytes(of: "status", isOneRecord: true) else { return nil }
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
