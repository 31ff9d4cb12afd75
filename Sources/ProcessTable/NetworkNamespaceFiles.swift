public import Connections
public import SystemPackage

/// Finds the network namespaces of the machine.
///
/// It looks in the directories of `ip netns` and Docker, on other mount points, and among the
/// processes, threads and descriptors that use namespaces.
public struct NetworkNamespaceFiles: Sendable {
  /// A file on which a namespace is mounted.
  public struct Named: Equatable, Sendable {
    /// The file name, for a file in one of the directories; otherwise the path.
    public let name: KernelName
    /// The path of the file.
    public let path: FilePath
  }

  let processes: ProcFileSystem
  private let directories: [FilePath]

  /// The namespaces of `processes`, and those named in `directories`.
  ///
  /// - Parameter directories: the directories of `ip netns`, whose names come first, and of Docker.
  ///   On most systems, `/var/run` is a link to `/run`.
  public init(
    processes: ProcFileSystem,
    directories: [FilePath] = ["/run/netns", "/var/run/netns", "/run/docker/netns"]
  ) {
    self.processes = processes
    self.directories = directories
  }

  /// The files in the directories, sorted by name. None is opened: a file may have lost its
  /// namespace, or be something else.
  ///
  /// If a name is in two directories, the first one counts. A missing directory has no files.
  public func named() throws(ProcessProblem) -> [Named] {
    var found: [Named] = []
    var known: Set<KernelName> = []
    for directory in directories {
      var names: [KernelName] = []
      do {
        let opened = try Directory(directory)
        try opened.forEachName(EntryBuffer()) { names.append($0) }
      } catch {
        guard error == .noSuchFileOrDirectory else { throw .unreadable(directory, error) }
      }
      for name in names.sorted() where known.insert(name).inserted {
        found.append(Named(name: name, path: directory.appending(name)))
      }
    }
    return found
  }

  /// The path of the namespace with this name, whether or not the file exists.
  public func file(named name: KernelName) -> FilePath {
    (directories.first ?? "/run/netns").appending(name)
  }

  /// The files on which the reader sees a mounted namespace, with its inode.
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

  /// The link to the namespace of the process.
  public func file(of pid: Int32) -> FilePath { processes.path(to: "\(pid)/ns/net") }
}
