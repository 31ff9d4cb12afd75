public import Connections
public import ProcessTable
import Selection

/// The result of a scan: connections, their owners, and gaps.
public struct Snapshot: Sendable {
  /// The machine and time of the scan.
  public let moment: ScanMoment
  /// The selected connections in the order of the dump, without duplicates.
  public internal(set) var connections: [Connection]
  /// The number of listed connections with an unknown verdict.
  public internal(set) var undecided: Int
  /// The number of undecided connections whose owners are unknown.
  public internal(set) var undecidedByOwner = 0
  /// The number of connections that the kernel listed in the selected states.
  public let listed: Int
  /// Whether the kernel omitted connections in the selected states, so that ``listed`` is less than
  /// their total.
  public let isPrunedByKernel: Bool
  /// The listening sockets, if they were listed: as selected sockets, or to attribute connections
  /// in accept queues.
  public let listeners: [Connection]
  /// The owners; nil if they were not requested or no connection was selected.
  public private(set) var owners: OwnerTable?
  /// The known processes with unreadable descriptors, each of which may hold any connection. If the
  /// executable is unreadable too, the command name replaces it.
  public private(set) var unreadable: [OwnerProcess]

  /// Why `/proc` may hide processes; empty if it hides none or owners were not requested.
  public var viewLimits: [ViewLimit] { owners?.limits ?? [] }

  /// The scanned network namespaces; see ``Connections/Connection/namespace``.
  public let namespaces: [ScannedNamespace]
  /// The namespaces whose connections could not be listed.
  public let namespaceGaps: [NamespaceGap]

  /// The history of connections from earlier runs.
  let past: PastConnections

  /// The cgroups of connections without a known owner, by cgroup ID.
  var controlGroups: [UInt64: ControlGroup] = [:]

  private let acceptQueues: AcceptQueues

  /// Whether owners that ``owners`` omits cannot change a decision.
  private var omitsOnlyIrrelevantOwners = false

  init(
    moment: ScanMoment, connections: [Connection], undecided: Int, listed: Int,
    isPrunedByKernel: Bool, listeners: [Connection], owners: OwnerTable?,
    unreadable: [OwnerProcess], namespaces: [ScannedNamespace], namespaceGaps: [NamespaceGap],
    past: PastConnections
  ) {
    self.moment = moment
    self.connections = connections
    self.undecided = undecided
    self.listed = listed
    self.isPrunedByKernel = isPrunedByKernel
    self.listeners = listeners
    self.owners = owners
    self.unreadable = unreadable
    self.namespaces = namespaces
    self.namespaceGaps = namespaceGaps
    self.past = past
    acceptQueues = AcceptQueues(listeners)
  }

  /// The history of `connection` from earlier runs; nil if there is none.
  ///
  /// The connection may also have been re-read shortly after this snapshot.
  public func past(of connection: Connection) -> ConnectionPast? { past.past(of: connection) }

  /// Whether there is any history from earlier runs.
  public var hasHistory: Bool { !past.isEmpty }

  /// The same snapshot with owners that were read later.
  ///
  /// - Parameter owners: may be pruned, but must have every owner that can change a decision.
  func replacing(owners: OwnerTable, unreadable: [OwnerProcess]) -> Snapshot {
    var copy = self
    copy.owners = owners
    copy.unreadable = unreadable
    copy.omitsOnlyIrrelevantOwners = true
    return copy
  }

  /// The same snapshot with owners from later snapshots.
  public func replacing(owners: OwnerTable) -> Snapshot {
    replacing(owners: owners, unreadable: unreadable)
  }

  /// The same snapshot with only the `wanted` connections.
  public func keeping(_ wanted: (Connection) -> Bool) -> Snapshot {
    var copy = self
    copy.connections = connections.filter(wanted)
    // Owners may have been omitted as irrelevant to another selection.
    copy.omitsOnlyIrrelevantOwners = false
    return copy
  }

  /// The network namespace of `connection`.
  public func namespace(of connection: Connection) -> ScannedNamespace {
    namespaces[Int(connection.namespace)]
  }

  /// The inode number of the network namespace of `connection`; nil if it could not be read.
  public func networkNamespace(of connection: Connection) -> UInt64? {
    namespace(of: connection).inode(at: moment)
  }

  /// The attribution of `connection` to its holders.
  public func attribution(of connection: Connection) -> Attribution {
    switch connection.ownerless {
    case .minisocket: return .minisocket
    case .orphan: return .orphan
    case .inAcceptQueue:
      let listeners = acceptQueues.listeners(for: connection)
      guard let owners, !listeners.isEmpty else { return .unknown }
      return .inAcceptQueue(
        listeners: listeners, holdings: listeners.flatMap { owners.holdings(of: $0.inode) })
    case nil:
      guard let owners else { return .notRead }
      let holdings = owners.holdings(of: connection.inode)
      return holdings.isEmpty ? .unknown : .held(holdings)
    }
  }

  /// The listed listeners that can have accepted `connection`.
  ///
  /// Several if they share a port (`SO_REUSEPORT`); none for an outgoing connection.
  public func listeners(for connection: Connection) -> [Connection] {
    acceptQueues.listeners(for: connection)
  }

  /// The owners of `connection` for the terms of a selection.
  ///
  /// While the connection is in an accept queue, these are the owners of its listener.
  public func ownerFacts(of connection: Connection) -> ConnectionOwners {
    ownerFacts(of: connection, isConclusive: false)
  }

  /// The same for the selection of the scan itself.
  ///
  /// - Parameter isConclusive: whether the selection asks for none of the processes that were not read.
  func ownerFacts(of connection: Connection, isConclusive: Bool) -> ConnectionOwners {
    let table = owners ?? OwnerTable(holders: [], gaps: [], isPruned: true)
    let isConclusive = isConclusive && owners != nil
    switch attribution(of: connection) {
    case .held(let holdings):
      return ConnectionOwners(
        holdings: holdings, table: table, isAmbiguous: false, unreadable: unreadable,
        isConclusive: isConclusive, omitsOnlyIrrelevant: omitsOnlyIrrelevantOwners, origin: nil)
    case .inAcceptQueue(let listeners, let holdings):
      return ConnectionOwners(
        holdings: holdings[...], table: table, isAmbiguous: listeners.count > 1,
        unreadable: unreadable, isConclusive: isConclusive, omitsOnlyIrrelevant: false,
        origin: holdings.isEmpty ? origin(of: connection) : nil)
    case .minisocket, .orphan, .unknown, .notRead:
      return ConnectionOwners(
        holdings: [], table: table, isAmbiguous: false, unreadable: unreadable,
        isConclusive: isConclusive, omitsOnlyIrrelevant: false, origin: origin(of: connection))
    }
  }

  /// The cgroup of `connection`, or nil if unknown.
  ///
  /// It is the cgroup of the owners or, in an accept queue, of the owners of the listener. If no
  /// owner is known or they are in different cgroups, it is the one in which the socket was
  /// created.
  public func controlGroup(of connection: Connection) -> ControlGroup? {
    let holdings: ArraySlice<Holding>
    switch attribution(of: connection) {
    case .held(let held): holdings = held
    case .inAcceptQueue(_, let listeners): holdings = listeners[...]
    case .minisocket, .orphan, .unknown, .notRead: holdings = []
    }
    guard let owners, let first = holdings.first,
      let group = owners.process(of: first).controlGroup,
      holdings.allSatisfy({
        $0.process == first.process || owners.process(of: $0).controlGroup == group
      })
    else { return origin(of: connection) }
    return group
  }

  /// The cgroup in which the socket was created; an accepted socket inherits that of its listener.
  private func origin(of connection: Connection) -> ControlGroup? {
    connection.cgroupID.flatMap { controlGroups[$0] }
  }

  /// The processes that hold `connection`, without duplicates, ordered by pid.
  public func holders(of connection: Connection) -> [OwnerProcess] {
    guard case .held(let holdings) = attribution(of: connection), let owners else { return [] }
    var holders: [OwnerProcess] = []
    var last: UInt32?
    for holding in holdings where holding.process != last {
      last = holding.process
      holders.append(owners.processes[Int(holding.process)])
    }
    return holders
  }
}
