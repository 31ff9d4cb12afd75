package import Connections
import ProcessTable
package import Scanning

extension Grouping {
  /// The table heading.
  package var title: String { rawValue.uppercased() }

  /// The details that a scan must read for this grouping.
  ///
  /// - Parameter knowsOwners: whether owners can be determined.
  package func details(knowsOwners: Bool) -> ScanRequest.Details {
    let owners: ScanRequest.Details = knowsOwners ? .ownerNames : []
    return switch self {
    case .process: [.figures, owners]
    case .program, .unit, .container, .pod: [.figures, .controlGroups, owners]
    case .listener: [.figures, .listeners]
    case .peer, .localPort, .user, .netns, .state: .figures
    }
  }

  /// The group of `connection`.
  ///
  /// As in policies, a connection held by several processes counts once, for the lowest pid. A
  /// connection in an accept queue counts for the listener's process.
  package func key(of connection: Connection, in snapshot: Snapshot) -> GroupingKey {
    switch self {
    case .process: Self.process(of: connection, in: snapshot)
    case .program:
      switch Self.process(of: connection, in: snapshot) {
      case .process(let index):
        snapshot.owners.flatMap { Program($0.processes[Int(index)]) }.map { .program($0) }
          ?? .none(.ownerUnknown)
      case let other: other
      }
    case .peer:
      connection.peer.address.isUnspecified
        ? .none(.noPeer) : .peer(GroupedEnd(addressOf: .peer, of: connection))
    case .localPort: .localPort(connection.identity.localPort)
    case .listener:
      if let listener = snapshot.listeners(for: connection).first {
        .listener(GroupedEnd(listener: listener))
      } else {
        .none(.noListener)
      }
    case .user:
      connection.userID.map { .user($0) } ?? .none(.ownerless(connection.ownerless))
    case .unit:
      snapshot.controlGroup(of: connection)?.unit.map { .unit($0) } ?? .none(.noUnit)
    case .container:
      snapshot.controlGroup(of: connection)?.container.map { .container($0) }
        ?? .none(.noContainer)
    case .pod: snapshot.controlGroup(of: connection)?.pod.map { .pod($0) } ?? .none(.noPod)
    case .netns: .namespace(connection.namespace)
    case .state: .state(connection.state)
    }
  }

  private static func process(
    of connection: Connection, in snapshot: Snapshot
  ) -> GroupingKey {
    switch snapshot.attribution(of: connection) {
    case .held(let holdings): process(of: holdings)
    case .inAcceptQueue(_, let holdings): process(of: holdings[...])
    case .minisocket, .orphan: .none(.ownerless(connection.ownerless))
    case .unknown, .notRead: .none(.ownerUnknown)
    }
  }

  private static func process(of holdings: ArraySlice<Holding>) -> GroupingKey {
    // The processes of a table are sorted by pid.
    holdings.map(\.process).min().map { .process($0) } ?? .none(.ownerUnknown)
  }
}
