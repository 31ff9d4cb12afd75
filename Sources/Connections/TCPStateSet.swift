/// A set of TCP states, in the kernel's form: bit n stands for the state numbered n (`idiag_states`).
public struct TCPStateSet: OptionSet, Hashable, Sendable {
  /// Bit n stands for the state numbered n.
  public let rawValue: UInt32

  /// The set of the states whose bits are set.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The set of the given states.
  public init(_ states: some Sequence<TCPState>) {
    self = states.reduce(into: []) { $0.formUnion($1.asSet) }
  }

  /// Every state that `ss -a` shows: numbers 1 to 11.
  public static let all = TCPStateSet(rawValue: 0xffe)

  /// `connected` of `ss`: all but listening and closed sockets.
  public static let connected: TCPStateSet = all.subtracting(TCPStateSet([.listen, .closed]))

  /// `synchronized` of `ss`: connected, without SYN_SENT.
  public static let synchronized: TCPStateSet = connected.subtracting(TCPState.synSent.asSet)

  /// `bucket` of `ss`: the minisockets of TIME_WAIT and SYN_RECV.
  public static let bucket = TCPStateSet([.timeWait, .synReceived])

  /// `big` of `ss`: all but the minisockets.
  public static let big: TCPStateSet = all.subtracting(bucket)

  /// What is shown when no state is named: what `ss` shows without `-a`.
  public static let shownByDefault: TCPStateSet = connected.subtracting(bucket)

  /// Whether the set holds `state`.
  public func contains(_ state: TCPState) -> Bool { !isDisjoint(with: state.asSet) }

  /// The states of the set, by number.
  public var states: [TCPState] { TCPState.allCases.filter(contains) }

  /// Every word that names one state or a group of them, in options, filters and policy files.
  ///
  /// The first spellings are those of `ss`; those of RFC 9293 and of the kernel follow.
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

  /// The states that `word` names: a state or a group as `ss`, RFC 9293 or the kernel spell it.
  ///
  /// Letter case and the choice of `-` or `_` do not matter, and the prefix `TCP_` is taken.
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
