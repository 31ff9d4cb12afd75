/// How many sockets there are in each state.
public struct StateCounts: Equatable, Sendable {
  /// By the kernel's number of the state.
  private var counts: [Int]

  /// None in any.
  public init() {
    counts = [Int](repeating: 0, count: Self.size)
  }

  private static let size = (TCPState.allCases.map { Int($0.rawValue) }.max() ?? 0) + 1

  /// How many are in `state`; NEW_SYN_RECV, which has the same name, counts as SYN_RECV.
  public subscript(state: TCPState) -> Int { counts[Self.place(of: state)] }

  /// How many there are in all states.
  public var total: Int { counts.reduce(0, +) }

  /// One more is in `state`.
  public mutating func add(_ state: TCPState) {
    counts[Self.place(of: state)] += 1
  }

  /// The sum of both.
  public static func + (one: StateCounts, other: StateCounts) -> StateCounts {
    var sum = one
    for place in sum.counts.indices { sum.counts[place] += other.counts[place] }
    return sum
  }

  private static func place(of state: TCPState) -> Int {
    Int(state == .newSynReceived ? TCPState.synReceived.rawValue : state.rawValue)
  }
}
