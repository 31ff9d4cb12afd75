/// A set of TCP states in the kernel's form (`idiag_states`).
public struct TCPStateSet: OptionSet, Hashable, Sendable {
  /// Bit n represents the state with number n.
  public let rawValue: UInt32

  /// Creates the set of the states whose bits are set.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Creates a set of `states`.
  public init(_ states: some Sequence<TCPState>) {
    self = states.reduce(into: []) { $0.formUnion($1.asSet) }
  }

  /// Every state that `ss -a` shows: numbers 1 to 11.
  public static let all = TCPStateSet(rawValue: 0xffe)

  /// The group `connected` of `ss`: all except listening and closed sockets.
  public static let connected: TCPStateSet = all.subtracting(TCPStateSet([.listen, .closed]))

  /// The group `synchronized` of `ss`: connected, without SYN-SENT.
  public static let synchronized: TCPStateSet = connected.subtracting(TCPState.synSent.asSet)

  /// The group `bucket` of `ss`: the minisockets of TIME-WAIT and SYN-RECV.
  public static let bucket = TCPStateSet([.timeWait, .synReceived])

  /// The group `big` of `ss`: all except the minisockets.
  public static let big: TCPStateSet = all.subtracting(bucket)

  /// The states selected when none is named: those that `ss` shows without `-a`.
  public static let shownByDefault: TCPStateSet = connected.subtracting(bucket)

  /// Whether the set contains `state`.
  public func contains(_ state: TCPState) -> Bool { !isDisjoint(with: state.asSet) }

  /// The states of the set, in order of their numbers.
  public var states: [TCPState] { TCPState.allCases.filter(contains) }

  /// Every word that names a state or a group in options, filters and policy files, as `ss` spells it.
  public static var words: [String] { namedStates.map(\.name) + groups.map(\.name) }

  /// Without NEW_SYN_RECV, which shares its name with SYN_RECV.
  private static var namedStates: [TCPState] {
    TCPState.allCases.filter { $0 != .newSynReceived }
  }

  private static var groups: [(name: String, set: TCPStateSet)] {
    [
      ("all", all), ("connected", connected), ("synchronized", synchronized), ("bucket", bucket),
      ("big", big),
    ]
  }

  /// Parses the name of a state or group as `ss`, RFC 9293 or the kernel spell it.
  ///
  /// Case is ignored, `-` and `_` are equivalent, and a prefix `TCP_` is accepted.
  public init?(word: String) {
    var folded = word.lowercased().replacing("_", with: "-")
    if folded.hasPrefix("tcp-") { folded.removeFirst(4) }
    if let group = Self.groups.first(where: { $0.name == folded }) {
      self = group.set
      return
    }
    switch folded {
    case "estab": folded = "established"
    case "syn-rcv", "syn-received", "new-syn-recv": folded = "syn-recv"
    case "fin-wait1": folded = "fin-wait-1"
    case "fin-wait2": folded = "fin-wait-2"
    case "timewait": folded = "time-wait"
    case "closewait": folded = "close-wait"
    case "lastack": folded = "last-ack"
    case "listening": folded = "listen"
    case "close", "unconn", "unconnected": folded = "closed"
    default: break
    }
    guard let state = Self.namedStates.first(where: { $0.name == folded }) else { return nil }
    self = state.asSet
  }
}
