public import Connections
public import SystemPackage

/// The cgroups of the version 2 hierarchy, as directories below a root path; see cgroups(7).
///
/// On 64-bit machines, the cgroup ID of a socket (`INET_DIAG_CGROUP_ID`) is the inode number of the
/// cgroup's directory.
public struct ControlGroupTree: Sendable {
  /// The directory on which the hierarchy is mounted.
  public let root: FilePath
  /// The cgroup at the mount point: `/` unless only a part of the hierarchy is mounted.
  public let top: KernelName
  private let containers: (any ContainerNames)?

  /// The hierarchy mounted at `root`, which shows the cgroup `top`.
  public init(
    root: FilePath, top: KernelName = "/", containers: (any ContainerNames)? = nil
  ) {
    self.root = root
    self.top = top
    self.containers = containers
  }

  /// The cgroups with these `ids`, by ID. A missing cgroup was removed, is not visible to the
  /// reader, or could not be read.
  public func controlGroups(_ ids: Set<UInt64>) -> [UInt64: ControlGroup] {
    guard !ids.isEmpty, let rootDirectory = try? Directory(root) else { return [:] }
    var found: [UInt64: ControlGroup] = [:]
    if let id = try? rootDirectory.inode(), ids.contains(id) { found[id] = group(top) }
    let names = EntryBuffer()
    var rest: [[UInt8]] = [[]]
    let start = top == "/" ? [] : top.bytes
    while let path = rest.popLast(), found.count < ids.count {
      guard
        let directory = try? rootDirectory.subdirectory(
          path.isEmpty ? "." : KernelName(bytes: path))
      else {
        continue
      }
      // Entries read before an error are still valid.
      try? directory.forEachSubdirectory(names) { name, id in
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
  /// The version 2 cgroup hierarchy as the reader sees it; nil if it is not mounted.
  ///
  /// It can be mounted several times, also in part. The mount of everything in the reader's cgroup
  /// namespace has the root `/`. Paths in `/proc/PID/cgroup` start from the same root.
  public func controlGroupTree() throws(ProcessProblem) -> ControlGroupTree? {
    let mounts = try mounts()
    let trees = mounts.enumerated().filter { index, mount in
      // Of two mounts on one directory, only the later one is visible.
      mount.type == "cgroup2" && !mounts[(index + 1)...].contains { $0.point == mount.point }
    }.map(\.element)
    let mount = trees.last { $0.root == "/" } ?? trees.last
    return mount.map {
      ControlGroupTree(root: $0.point, top: $0.root, containers: containers)
    }
  }
}
