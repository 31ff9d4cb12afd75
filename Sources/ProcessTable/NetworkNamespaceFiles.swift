public import Connections
public import SystemPackage

/// Where the network namespaces of the machine can be found: those that `ip netns` has named, and
/// those of processes.
///
/// One that neither has a name nor a process in it, only descriptors, is not found.
public struct NetworkNamespaceFiles: Sendable {
  private let processes: ProcFileSystem
  private let folders: [FilePath]

  /// The namespaces of `processes`, and those named in the first of `folders` that there is.
  public init(
    processes: ProcFileSystem, folders: [FilePath] = ["/run/netns", "/var/run/netns"]
  ) {
    self.processes = processes
    self.folders = folders
  }

  /// The files of the named namespaces, by name; see ip-netns(8). Empty where none was ever named.
  public func named() throws(ProcessProblem) -> [KernelName: FilePath] {
    for path in folders {
      var files: [KernelName: FilePath] = [:]
      do {
        let folder = try Folder(path)
        try folder.forEachName(EntryBuffer()) { name in files[name] = path.appending(name) }
        return files
      } catch {
        guard error == .noSuchFileOrDirectory else { throw .unreadable(path, error) }
      }
    }
    return [:]
  }

  /// The file of a namespace with this name, whether it is there or not.
  public func file(named name: KernelName) -> FilePath {
    (folders.first ?? "/run/netns").appending(name)
  }

  /// The file of the namespace that the process is in.
  public func file(of pid: Int32) -> FilePath { processes.path(to: "\(pid)/ns/net") }

  /// The namespaces of all processes, each with the process of the lowest pid in it, and how many
  /// processes there are of which it could not be read.
  public func ofProcesses() throws(ProcessProblem) -> (pids: [UInt64: Int32], unreadable: Int) {
    var pids: [UInt64: Int32] = [:]
    var unreadable = 0
    for pid in try processes.pids().sorted() {
      do {
        let inode = try processes.networkNamespace(of: pid)
        if pids[inode] == nil { pids[inode] = pid }
      } catch {
        if case .noSuchProcess = error { continue }
        unreadable += 1
      }
    }
    return (pids, unreadable)
  }
}

extension FilePath {
  /// The path with a name of any bytes behind it; unchanged where that is no name of a file.
  fileprivate func appending(_ name: KernelName) -> FilePath {
    let characters = name.bytes.map { CChar(bitPattern: $0) } + [0]
    return FilePath.Component(platformString: characters).map { appending($0) } ?? self
  }
}
