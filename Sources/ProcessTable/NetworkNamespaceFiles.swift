public import Connections
public import SystemPackage

/// Where the network namespaces of the machine can be found: in the directories of `ip netns` and
/// Docker, mounted anywhere else, and by the processes, threads and descriptors that use them.
public struct NetworkNamespaceFiles: Sendable {
  /// A file on which a namespace is mounted.
  public struct Named: Equatable, Sendable {
    /// The last component of the path in one of the directories; the path itself elsewhere.
    public let name: KernelName
    /// The file.
    public let path: FilePath
  }

  let processes: ProcFileSystem
  private let directories: [FilePath]

  /// The namespaces of `processes`, and those named in `directories`.
  ///
  /// - Parameter directories: of `ip netns`, whose names come first, and of Docker. Most systems have
  ///   `/var/run` as a link to `/run`.
  public init(
    processes: ProcFileSystem,
    directories: [FilePath] = ["/run/netns", "/var/run/netns", "/run/docker/netns"]
  ) {
    self.processes = processes
    self.directories = directories
  }

  /// The files in the directories, in the order of their names. None is opened: one may have lost its
  /// namespace, or be something else altogether.
  ///
  /// A name that is in two directories is the first one's. Directories that do not exist have none.
  public func named() throws(ProcessProblem) -> [Named] {
    var found: [Named] = []
    var known: Set<KernelName> = []
    for directory in directories {
      var names: [KernelName] = []
      do {
        let folder = try Folder(directory)
        try folder.forEachName(EntryBuffer()) { names.append($0) }
      } catch {
        guard error == .noSuchFileOrDirectory else { throw .unreadable(directory, error) }
      }
      for name in names.sorted() where known.insert(name).inserted {
        found.append(Named(name: name, path: directory.appending(name)))
      }
    }
    return found
  }

  /// The file of a namespace with this name, whether it is there or not.
  public func file(named name: KernelName) -> FilePath {
    (directories.first ?? "/run/netns").appending(name)
  }

  /// The files on which the mounts of the reader show a namespace, with its inode.
  public func mounted() throws(ProcessProblem) -> [(inode: UInt64, file: Named)] {
    try processes.mounts().compactMap { mount in
      guard mount.type == "nsfs",
        let inode = mount.root.withBytes({ NamespaceLink.inode($0) })
      else {
        return nil
      }
      return (inode, Named(name: mount.point.name, path: mount.point))
    }
  }

  /// The file of the namespace that the process is in.
  public func file(of pid: Int32) -> FilePath { processes.path(to: "\(pid)/ns/net") }
}
