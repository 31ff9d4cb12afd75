public import Connections

/// How many connections are selected, by family and state.
public struct Tally: Equatable, Sendable {
  /// Those of `AF_INET` sockets.
  public internal(set) var ipv4 = StateCounts()
  /// Those of `AF_INET6` sockets, v4-mapped ones included.
  public internal(set) var ipv6 = StateCounts()
  /// Of how many more the selection cannot be decided, for want of a fact.
  public internal(set) var undecided = 0
  /// The network namespaces whose connections could not be listed.
  public internal(set) var namespaceGaps: [NamespaceGap] = []

  /// Nothing yet.
  init() {}

  /// The connections of `snapshot`.
  public init(_ snapshot: Snapshot) {
    for connection in snapshot.connections {
      add(connection.state, of: connection.identity.family)
    }
    undecided = snapshot.undecided
    namespaceGaps = snapshot.namespaceGaps
  }

  /// Those of both families.
  public var both: StateCounts { ipv4 + ipv6 }

  /// The sum of both, of the same namespaces.
  static func + (one: Tally, other: Tally) -> Tally {
    var sum = one
    sum.ipv4 = one.ipv4 + other.ipv4
    sum.ipv6 = one.ipv6 + other.ipv6
    sum.undecided += other.undecided
    return sum
  }

  static func += (sum: inout Tally, other: Tally) { sum = sum + other }

  mutating func add(_ state: TCPState, of family: AddressFamily) {
    switch family {
    case .ipv4: ipv4.add(state)
    case .ipv6: ipv6.add(state)
    }
  }
}
