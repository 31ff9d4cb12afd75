internal import Connections

/// What `/proc/PID/cgroup` says of one process; see cgroups(7).
enum ControlGroupMembership {
  /// The cgroup that tells most of the process; nil when no line is one that the kernel writes.
  ///
  /// There is one line a hierarchy, `ID:CONTROLLERS:PATH`; that of version 2 is `0::PATH`. On a
  /// machine that has both versions it can be any of them: Docker without systemd puts a container
  /// only into the hierarchies of version 1, and leaves the runtime's own cgroup in version 2. So
  /// the first line that names a container is taken, then the first below the root; in the order
  /// of version 2, systemd's own hierarchy, and all others.
  ///
  /// - Parameter containers: adds the names of containers, where they are known.
  static func controlGroup(
    _ content: [UInt8], _ containers: (any ContainerNames)? = nil
  ) -> ControlGroup? {
    let lines = content.split(separator: 0x0a).compactMap(Line.init)
    let groups = (0...2).flatMap { rank in
      lines.filter { $0.rank == rank }.map { line in
        let group = ControlGroup(path: line.path)
        return containers?.naming(group) ?? group
      }
    }
    return groups.first { $0.container != nil } ?? groups.first { $0.path != "/" } ?? groups.first
  }

  private struct Line {
    let rank: Int
    let path: KernelName

    /// A path can hold colons; the fields before it cannot.
    init?(_ line: ArraySlice<UInt8>) {
      let fields = line.split(
        separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3, fields[0].decimal != nil, fields[2].first == UInt8(ascii: "/") else {
        return nil
      }
      let mark = " (deleted)".utf8
      let isMarked = fields[2].suffix(mark.count).elementsEqual(mark)
      path = KernelName(bytes: fields[2].dropLast(isMarked ? mark.count : 0))
      rank = fields[1].isEmpty ? 0 : fields[1].elementsEqual("name=systemd".utf8) ? 1 : 2
    }
  }
}
