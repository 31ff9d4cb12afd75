/// The number of sockets in each state.
public struct StateCounts: Equatable, Sendable {
  /// Indexed by the kernel's state number.
  private var counts: [Int]

  /// Creates counts of zero.
  public init() {
    counts = [Int](repeating: 0, count: Self.size)
  }

  private static let size = (TCPState.allCases.map { Int($0.rawValue) }.max() ?? 0) + 1

  /// The number of sockets in `state`. NEW_SYN_RECV counts as SYN_RECV, with which it shares a name.
  public subscript(state: TCPState) -> Int { counts[Self.index(of: state)] }

  /// The number of sockets in all states.
  public var total: Int { counts.reduce(0, +) }

  /// Counts one more socket in `state`.
  public mutating func add(_ state: TCPState) {
    counts[Self.index(of: state)] += 1
  }

  /// The sum of both counts.
  public static func + (lhs: StateCounts, rhs: StateCounts) -> StateCounts {
    var sum = lhs
    for index in sum.counts.indices { sum.counts[index] += rhs.counts[index] }
    return sum
  }

  private static func index(of state: TCPState) -> Int {
    Int(state == .newSynReceived ? TCPState.synReceived.rawValue : state.rawValue)
  }
}
