public import Connections
public import SystemPackage

/// The cgroups of the version 2 hierarchy, as folders below a root path; see cgroups(7).
///
/// The id that the kernel gives of a socket's cgroup (`INET_DIAG_CGROUP_ID`) is the inode number of
/// its folder, on machines of 64 bits.
public struct ControlGroupTree: Sendable {
  /// The folder on which the hierarchy is mounted.
  public let root: FilePath
  /// The cgroup that the folder is of, `/` unless only a part of the hierarchy is mounted.
  public let top: KernelName
  private let containers: (any ContainerNames)?

  /// The hierarchy at `root`, whose folder is that of the cgroup `top`.
  public init(
    root: FilePath, top: KernelName = "/", containers: (any ContainerNames)? = nil
  ) {
    self.root = root
    self.top = top
    self.containers = containers
  }

  /// The cgroups with these `ids`, by id. One that is not found has been removed, is outside of
  /// what the reader sees, or could not be read.
  public func controlGroups(_ ids: Set<UInt64>) -> [UInt64: ControlGroup] {
    guard !ids.isEmpty, let rootFolder = try? Folder(root) else { return [:] }
    var found: [UInt64: ControlGroup] = [:]
    if let id = try? rootFolder.inode(), ids.contains(id) { found[id] = group(top) }
    let names = EntryBuffer()
    var rest: [[UInt8]] = [[]]
    let start = top == "/" ? [] : top.bytes
    while let path = rest.popLast(), found.count < ids.count {
      guard let folder = try? rootFolder.folder(path.isEmpty ? "." : KernelName(bytes: path)) else {
        continue
      }
      // What was read before an error is right nonetheless.
      try? folder.forEachFolder(names) { name, id in
        let below = path.isEmpty ? name.bytes : path + [UInt8(ascii: "/")] + name.bytes
        rest.append(below)
        if ids.contains(id) {
          found[id] = group(KernelName(bytes: start + [UInt8(ascii: "/")] + below))
        }
      }
    }
    return found
  }

  private func group(_ path: KernelName) -> ControlGroup {
    let group = ControlGroup(path: path)
    return containers?.naming(group) ?? group
  }
}

extension ProcFileSystem {
  /// Where the reader sees the version 2 hierarchy of cgroups; nil where it is not mounted.
  ///
  /// It can be mounted several times, also in parts. The mount of all that the reader's cgroup
  /// namespace holds has the root `/`, from which the paths in `/proc/PID/cgroup` start as well.
  public func controlGroupTree() throws(ProcessProblem) -> ControlGroupTree? {
    let mounts = try mounts()
    let trees = mounts.enumerated().filter { place, mount in
      // Of two mounts on one directory, only the later one is seen.
      mount.type == "cgroup2" && !mounts[(place + 1)...].contains { $0.point == mount.point }
    }.map(\.element)
    let mount = trees.last { $0.root == "/" } ?? trees.last
    return mount.map {
      ControlGroupTree(root: $0.point, top: $0.root, containers: containers)
    }
  }
}
