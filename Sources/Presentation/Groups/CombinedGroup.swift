package import Connections
package import Scanning

/// Connections counted together by one grouping or by several, as in `--by program,peer`.
package struct CombinedGroup: Equatable {
  /// The group of each grouping, without figures.
  package let parts: [ConnectionGroup]
  package var figures = ConnectionGroup.Figures()

  package init(_ parts: [ConnectionGroup], figures: ConnectionGroup.Figures = .init()) {
    self.parts = parts
    self.figures = figures
  }

  /// Identifies the group across snapshots.
  package var identity: [ConnectionGroup.Identity] { parts.map(\.identity) }

  /// The same group without connections.
  package var gone: CombinedGroup { CombinedGroup(parts) }

  /// The connections of `snapshot` in groups, largest first, then by name.
  package static func groups(
    of snapshot: Snapshot, by groupings: [Grouping], names: SystemNumbers
  ) -> [CombinedGroup] {
    var levels = groupings.map { _ in Level() }
    var figures: [ConnectionGroup.Figures] = []
    for connection in snapshot.connections {
      var group: UInt32 = 0
      for (index, grouping) in groupings.enumerated() {
        group = levels[index].group(grouping.key(of: connection, in: snapshot), within: group)
      }
      while figures.count <= Int(group) { figures.append(ConnectionGroup.Figures()) }
      figures[Int(group)].add(connection)
    }
    return figures.enumerated().map { index, figures in
      var group = UInt32(index)
      var parts: [ConnectionGroup] = []
      for level in levels.reversed() {
        let member = level.members[Int(group)]
        parts.append(ConnectionGroup(member.key, in: snapshot, names: names))
        group = member.parent
      }
      return CombinedGroup(parts.reversed(), figures: figures)
    }.sorted(by: comesBefore)
  }

  private static func comesBefore(_ lhs: CombinedGroup, _ rhs: CombinedGroup) -> Bool {
    if lhs.figures.count != rhs.figures.count { return lhs.figures.count > rhs.figures.count }
    for (part, other) in zip(lhs.parts, rhs.parts) where part != other {
      return ConnectionGroup.comesBefore(part, other)
    }
    return false
  }
}

/// The groups of one grouping within those of the grouping before it.
///
/// They are numbered, so that a connection in a known group costs a lookup and no memory.
private struct Level {
  /// The key of each group, and the number of its parent in the level before.
  var members: [(key: GroupingKey, parent: UInt32)] = []
  private var numbers: [Place: UInt32] = [:]

  private struct Place: Hashable {
    let key: GroupingKey
    let parent: UInt32
  }

  /// The number of the group for `key` within `parent`.
  mutating func group(_ key: GroupingKey, within parent: UInt32) -> UInt32 {
    let place = Place(key: key, parent: parent)
    if let known = numbers[place] { return known }
    let number = UInt32(members.count)
    members.append((key, parent))
    numbers[place] = number
    return number
  }
}
