public import SystemPackage

/// The processes of the machine, as the files below a root path show them; see proc(5).
///
/// The root is `/proc`, or a copy of one: a tree of folders, files and dangling symbolic links such
/// as `1744/fd/3 -> socket:[1234]`. Nothing is kept open or remembered between two calls.
public struct ProcFileSystem: Sendable {
  /// The folder that takes the place of `/proc`.
  public let root: FilePath
  /// What tells the names of containers; nil where they are unknown.
  public let containers: (any ContainerNames)?

  /// The processes below `root`.
  public init(root: FilePath = "/proc", containers: (any ContainerNames)? = nil) {
    self.root = root
    self.containers = containers
  }

  /// What is told of the calling thread (`thread-self`, Linux 3.17), whose `net` is that of the
  /// network namespace that the thread has entered. `net` of the root is always the main thread's.
  public var ofThread: ProcFileSystem { ProcFileSystem(root: root.appending("thread-self")) }

  func openRoot() throws(ProcessProblem) -> Folder {
    do { return try Folder(root) } catch { throw .unreadable(root, error) }
  }

  /// Opens the folder of one process, so that all that is read through it is of that one.
  func open(_ pid: Int32) throws(ProcessProblem) -> ProcessFolder {
    let folder = try openRoot()
    do { return try ProcessFolder(pid: pid, below: folder, containers) } catch {
      throw problem(error, at: "\(pid)", of: pid)
    }
  }

  /// What the failure to read `name`, below the root, means for who asked of the process `pid`.
  func problem(_ error: Errno, at name: String, of pid: Int32?) -> ProcessProblem {
    if let pid, error.saysGone { return .noSuchProcess(pid: pid) }
    return .unreadable(path(to: name), error)
  }

  func path(to name: String) -> FilePath { root.pushing(FilePath(name)) }
}
