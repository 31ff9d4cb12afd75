public import Connections

/// The number of selected connections by family and state.
public struct Tally: Equatable, Sendable {
  /// The counts of `AF_INET` sockets.
  public internal(set) var ipv4 = StateCounts()
  /// The counts of `AF_INET6` sockets, including v4-mapped connections.
  public internal(set) var ipv6 = StateCounts()
  /// The number of further connections with an unknown verdict.
  public internal(set) var undecided = 0
  /// The network namespaces whose connections could not be listed.
  public internal(set) var namespaceGaps: [NamespaceGap] = []

  /// An empty tally.
  init() {}

  /// Counts the connections of `snapshot`.
  public init(_ snapshot: Snapshot) {
    for connection in snapshot.connections {
      add(connection.state, of: connection.identity.family)
    }
    undecided = snapshot.undecided
    namespaceGaps = snapshot.namespaceGaps
  }

  /// The counts of both families together.
  public var both: StateCounts { ipv4 + ipv6 }

  /// The sum of two tallies, with the namespace gaps of the first.
  static func + (lhs: Tally, rhs: Tally) -> Tally {
    var sum = lhs
    sum.ipv4 = lhs.ipv4 + rhs.ipv4
    sum.ipv6 = lhs.ipv6 + rhs.ipv6
    sum.undecided += rhs.undecided
    return sum
  }

  static func += (lhs: inout Tally, rhs: Tally) { lhs = lhs + rhs }

  mutating func add(_ state: TCPState, of family: AddressFamily) {
    switch family {
    case .ipv4: ipv4.add(state)
    case .ipv6: ipv6.add(state)
    }
  }
}
