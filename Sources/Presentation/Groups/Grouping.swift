package import Connections
import ProcessTable
package import Scanning

/// How connections are grouped: the values of `--by`.
package enum Grouping: String, CaseIterable {
  case process
  case peer
  case localPort = "local-port"
  case listener
  case user
  case unit
  case container
  case pod
  case netns
  case state

  /// The table heading.
  package var title: String { rawValue.replacing("-", with: " ").uppercased() }

  /// The details that a scan must read for this grouping.
  ///
  /// - Parameter knowsOwners: whether owners can be determined.
  package func details(knowsOwners: Bool) -> ScanRequest.Details {
    let owners: ScanRequest.Details = knowsOwners ? .ownerNames : []
    return switch self {
    case .process: [.figures, owners]
    case .unit, .container, .pod: [.figures, .controlGroups, owners]
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

/// What the connections of a group have in common.
package enum GroupingKey: Hashable {
  /// The process with this index in the snapshot's owners.
  case process(UInt32)
  /// The peer's address.
  case peer(GroupedEnd)
  case localPort(UInt16)
  /// The local end of the listener that accepted them.
  case listener(GroupedEnd)
  case user(UInt32)
  case unit(KernelName)
  case container(Container)
  case pod(Pod)
  /// The network namespace with this index in the snapshot.
  case namespace(UInt16)
  case state(TCPState)
  /// No such property.
  case none(Reason)

  /// Why a connection has no such property.
  package enum Reason: Hashable {
    case ownerUnknown
    case ownerless(Ownerless?)
    case noPeer
    case noListener
    case noUnit
    case noContainer
    case noPod

    /// The reason as a group's label.
    package var text: String {
      switch self {
      case .ownerUnknown, .ownerless(nil): "owner unknown"
      case .ownerless(.inAcceptQueue): "in an accept queue"
      case .ownerless(.minisocket): "no process: kernel only"
      case .ownerless(.orphan): "no process: orphans"
      case .noPeer: "no peer"
      case .noListener: "no listener"
      case .noUnit: "in no known unit"
      case .noContainer: "in no known container"
      case .noPod: "in no known pod"
      }
    }
  }
}
