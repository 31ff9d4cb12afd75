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

  /// The hierarchy at `root`, whose folder is that of the cgroup `top`.
  public init(root: FilePath, top: KernelName = "/") {
    self.root = root
    self.top = top
  }

  /// The cgroups with these `ids`, by id. One that is not found has been removed, is outside of
  /// what the reader sees, or could not be read.
  public func controlGroups(_ ids: Set<UInt64>) -> [UInt64: ControlGroup] {
    guard !ids.isEmpty, let rootFolder = try? Folder(root) else { return [:] }
    var found: [UInt64: ControlGroup] = [:]
    if let id = try? rootFolder.inode(), ids.contains(id) { found[id] = ControlGroup(path: top) }
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
          found[id] = ControlGroup(
            path: KernelName(bytes: start + [UInt8(ascii: "/")] + below))
        }
      }
    }
    return found
  }
}

extension ProcFileSystem {
  /// Where the reader sees the version 2 hierarchy of cgroups; nil where it is not mounted.
  public func controlGroupTree() throws(ProcessProblem) -> ControlGroupTree? {
    try mounts().last { $0.type == "cgroup2" }.map { mount in
      ControlGroupTree(root: FilePath(mount.point), top: KernelName(mount.root))
    }
  }
}
