import Connections
package import Selection

extension SelectionPredicate {
  /// The columns that show what the selection asks for, in the order of its terms.
  package var columns: [ConnectionColumn] {
    switch self {
    case .term(let term): term.columns
    case .not(let part): part.columns
    case .all(let parts), .any(let parts):
      parts.flatMap(\.columns).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
  }
}

extension SelectionTerm {
  /// The columns that show the property that the term is about.
  fileprivate var columns: [ConnectionColumn] {
    switch self {
    case .states: [.state]
    case .idle: [.idle]
    case .stalled: [.stalled]
    case .inState: [.inState]
    case .age: [.age]
    case .address(let end, _), .wildcard(let end), .port(let end, _): end.columns
    case .process, .pid: [.process]
    case .command: [.command]
    case .unit: [.unit]
    case .container: [.container]
    case .pod: [.pod]
    case .cgroup: [.controlGroup]
    case .user: [.user]
    case .receiveQueue: [.receiveQueue]
    case .sendQueue: [.sendQueue]
    case .interface, .interfaceNumber: [.interface]
    case .namespace: [.networkNamespace]
    case .mark: [.mark]
    // The addresses show the family.
    case .family: []
    case .autobound: [.local]
    }
  }
}

extension ConnectionEnd {
  fileprivate var columns: [ConnectionColumn] {
    switch self {
    case .local: [.local]
    case .peer: [.peer]
    case .either: [.local, .peer]
    }
  }
}
