public import SystemPackage

/// The processes of the machine, as shown by the files below a root path; see proc(5).
///
/// The root is `/proc`, or a copy: a tree of directories, files and dangling symbolic links such as
/// `1744/fd/3 -> socket:[1234]`. Nothing is kept open or cached between two calls.
public struct ProcFileSystem: Sendable {
  /// The directory that is read as `/proc`.
  public let root: FilePath
  /// The source of container names; nil if they are unknown.
  public let containers: (any ContainerNames)?

  /// The processes below `root`.
  public init(root: FilePath = "/proc", containers: (any ContainerNames)? = nil) {
    self.root = root
    self.containers = containers
  }

  /// The files of the calling thread (`thread-self`, Linux 3.17). Its `net` shows the network
  /// namespace that the thread has entered. `net` below the root always belongs to the main thread.
  public var ofThread: ProcFileSystem { ProcFileSystem(root: root.appending("thread-self")) }

  func openRoot() throws(ProcessProblem) -> Directory {
    do { return try Directory(root) } catch { throw .unreadable(root, error) }
  }

  /// Opens the directory of one process, so that everything read through it belongs to that
  /// process.
  func open(_ pid: Int32) throws(ProcessProblem) -> ProcessDirectory {
    let directory = try openRoot()
    do { return try ProcessDirectory(pid: pid, below: directory, containers) } catch {
      throw problem(error, at: "\(pid)", of: pid)
    }
  }

  /// The problem for a failure to read `name` below the root, on behalf of the process `pid`.
  func problem(_ error: Errno, at name: String, of pid: Int32?) -> ProcessProblem {
    if let pid, error.meansGone { return .noSuchProcess(pid: pid) }
    return .unreadable(path(to: name), error)
  }

  func path(to name: String) -> FilePath { root.pushing(FilePath(name)) }
}
