internal import Connections

/// Parses `/proc/PID/cgroup`; see cgroups(7).
enum ControlGroupMembership {
  /// The most informative cgroup of the process; nil if no line has the kernel's format.
  ///
  /// The file has one line per hierarchy, `ID:CONTROLLERS:PATH`; the line of version 2 is
  /// `0::PATH`. On a machine with both versions, any line can be the useful one. Docker without
  /// systemd puts a container only into the version 1 hierarchies and leaves the runtime's own
  /// cgroup in version 2. So the first line that names a container wins, then the first below the
  /// root. The order is version 2, systemd's own hierarchy, all others.
  ///
  /// - Parameter containers: adds container names, where they are known.
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

    /// Only the path can contain colons.
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
