public import Connections

// The words are those of the options. What a name was resolved to is shown, not the name.
extension SelectionPredicate: CustomStringConvertible {
  /// The selection in the words of its terms: `port 443 and not (peer 10.0.0.0/8 or idle 1h)`.
  public var description: String {
    switch self {
    case .term(let term): "\(term)"
    case .all([]): "everything"
    case .any([]): "nothing"
    case .all(let parts): parts.map(\.partDescription).joined(separator: " and ")
    case .any(let parts): parts.map(\.partDescription).joined(separator: " or ")
    case .not(let part): "not \(part.partDescription)"
    }
  }

  private var partDescription: String {
    switch self {
    case .all(let parts) where parts.count > 1: "(\(self))"
    case .any(let parts) where parts.count > 1: "(\(self))"
    default: description
    }
  }

  /// The parts that must all be so, in order: the selection itself when it is not joined by `and`.
  public var conjuncts: [SelectionPredicate] {
    guard case .all(let parts) = self, !parts.isEmpty else { return [self] }
    return parts.flatMap(\.conjuncts)
  }
}

extension SelectionTerm: CustomStringConvertible {
  /// The option without its dashes, and its value.
  public var description: String {
    switch self {
    case .states(let states): "state \(states.nameList)"
    case .idle(let least): "idle \(DurationText.exact(milliseconds: least))"
    case .stalled(let least): "stalled \(DurationText.exact(milliseconds: least))"
    case .inState(let least): "in-state \(DurationText.exact(milliseconds: least))"
    case .age(let least): "age \(DurationText.exact(milliseconds: least))"
    case .address(.either, let block): "host \(block)"
    case .address(.local, let block): "local \(block)"
    case .address(.peer, let block): "peer \(block)"
    case .port(.either, let range): "port \(PortText.of(range))"
    case .port(.local, let range): "local-port \(PortText.of(range))"
    case .port(.peer, let range): "peer-port \(PortText.of(range))"
    case .process(let glob): "process \(glob.pattern)"
    case .pid(let pid): "pid \(pid)"
    case .unit(let glob): "unit \(glob.pattern)"
    case .container(let id): "container \(id)"
    case .cgroup(let path): "cgroup \(path)"
    case .user(let id): "user \(id)"
    case .family(let family): "family \(family.name)"
    case .receiveQueue(let least): "recv-queue \(least)"
    case .sendQueue(let least): "send-queue \(least)"
    case .interface(let index): "interface \(index)"
    case .mark(let mark, let mask): "mark \(MarkText.of(mark, mask: mask))"
    }
  }
}

extension TCPStateSet {
  /// The names of the states, each once, by number.
  public var names: [String] {
    states.reduce(into: []) { names, state in
      if !names.contains(state.name) { names.append(state.name) }
    }
  }

  /// The names joined by commas; `none` without any.
  public var nameList: String { isEmpty ? "none" : names.joined(separator: ",") }
}
