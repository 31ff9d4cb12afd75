public import Connections
public import ProcessTable
import Selection

/// What one scan found: connections, their owners, and what could not be read.
public struct Snapshot: Sendable {
  /// Where and when it was made.
  public let moment: ScanMoment
  /// The connections that are selected, in the order of the dump, each once.
  public let connections: [Connection]
  /// Of how many connections the kernel listed the selection cannot be decided, for want of a fact.
  public let undecided: Int
  /// How many of those are undecided because their owners are unknown.
  public let undecidedByOwner: Int
  /// How many connections the kernel listed in the states of the selection.
  public let listed: Int
  /// Whether the kernel left out connections in the states of the selection, so that ``listed`` is
  /// not how many there are.
  public let isPrunedByKernel: Bool
  /// The listening sockets, where they were listed: because the selection is of them, or to find
  /// whose accept queue a connection waits in.
  public let listeners: [Connection]
  /// Who holds the connections; nil when that was not asked for, or nothing was selected.
  public private(set) var owners: OwnerTable?
  /// The processes whose descriptors could not be read, as far as they are known: each may hold
  /// any connection. Their command name stands for the executable, which could not be read either.
  public private(set) var unreadable: [OwnerProcess]

  /// Why processes may be missing among the owners that `/proc` does not show; empty if none is, or
  /// owners were not asked for.
  public var viewLimits: [ViewLimit] { owners?.limits ?? [] }

  /// The network namespaces that were looked at; see ``Connections/Connection/namespace``.
  public let namespaces: [ScannedNamespace]
  /// Those of them whose connections could not be listed.
  public let namespaceGaps: [NamespaceGap]

  /// What earlier runs know of connections.
  let past: PastConnections

  /// The cgroups of connections without a known owner, by the kernel's ids.
  let controlGroups: [UInt64: ControlGroup]

  private let acceptQueues: AcceptQueues

  /// Whether a process that ``owners`` omits cannot change, as an owner, what is decided about a
  /// connection.
  private var omitsNoOwnerOfConcern = false

  init(
    moment: ScanMoment, connections: [Connection], undecided: Int, listed: Int,
    isPrunedByKernel: Bool, listeners: [Connection], owners: OwnerTable?,
    unreadable: [OwnerProcess], controlGroups: [UInt64: ControlGroup] = [:],
    namespaces: [ScannedNamespace] = [.own], namespaceGaps: [NamespaceGap] = [],
    past: PastConnections = .unknown, undecidedByOwner: Int = 0
  ) {
    self.past = past
    self.undecidedByOwner = undecidedByOwner
    self.moment = moment
    self.connections = connections
    self.undecided = undecided
    self.listed = listed
    self.isPrunedByKernel = isPrunedByKernel
    self.listeners = listeners
    self.owners = owners
    self.unreadable = unreadable
    self.controlGroups = controlGroups
    self.namespaces = namespaces
    self.namespaceGaps = namespaceGaps
    acceptQueues = AcceptQueues(listeners)
  }

  /// What earlier runs know of `connection`, of this snapshot or looked at again soon after it; nil
  /// when that is nothing.
  public func past(of connection: Connection) -> ConnectionPast? { past.past(of: connection) }

  /// Whether earlier runs know of any connection.
  public var knowsEarlierRuns: Bool { !past.isEmpty }

  /// The same snapshot with owners that were read later.
  ///
  /// - Parameter owners: if pruned, it has every owner that can change what is decided.
  func replacing(owners: OwnerTable, unreadable: [OwnerProcess]) -> Snapshot {
    var snapshot = self
    snapshot.owners = owners
    snapshot.unreadable = unreadable
    snapshot.omitsNoOwnerOfConcern = true
    return snapshot
  }

  /// The same snapshot with owners that were collected from later ones.
  public func replacing(owners: OwnerTable) -> Snapshot {
    replacing(owners: owners, unreadable: unreadable)
  }

  /// The same snapshot with those of its connections alone that are `wanted`.
  public func keeping(_ wanted: (Connection) -> Bool) -> Snapshot {
    Snapshot(
      moment: moment, connections: connections.filter(wanted), undecided: undecided,
      listed: listed, isPrunedByKernel: isPrunedByKernel, listeners: listeners, owners: owners,
      unreadable: unreadable, controlGroups: controlGroups, namespaces: namespaces,
      namespaceGaps: namespaceGaps, past: past, undecidedByOwner: undecidedByOwner)
  }

  /// The network namespace of `connection`.
  public func namespace(of connection: Connection) -> ScannedNamespace {
    namespaces[Int(connection.namespace)]
  }

  /// The inode number of the network namespace of `connection`; nil when it could not be read.
  public func networkNamespace(of connection: Connection) -> UInt64? {
    let namespace = namespace(of: connection)
    return namespace.inode ?? (namespace.isOwn ? moment.networkNamespace : nil)
  }

  /// Who has `connection`.
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

  /// The listeners that can have accepted `connection`, as far as they were listed: more than one
  /// when they share a port (`SO_REUSEPORT`), none of a connection that was made from here.
  public func listeners(for connection: Connection) -> [Connection] {
    acceptQueues.listeners(for: connection)
  }

  /// The owners of `connection` for the terms of a selection; those of its listener while it waits
  /// in an accept queue.
  public func ownerFacts(of connection: Connection) -> ConnectionOwners {
    ownerFacts(of: connection, isAnswer: false)
  }

  /// The same for the selection of the scan itself.
  ///
  /// - Parameter isAnswer: whether the processes that were not looked at are none that the
  ///   selection asks for.
  func ownerFacts(of connection: Connection, isAnswer: Bool) -> ConnectionOwners {
    let table = owners ?? OwnerTable(holders: [], gaps: [], isPruned: true)
    let isAnswer = isAnswer && owners != nil
    switch attribution(of: connection) {
    case .held(let holdings):
      return ConnectionOwners(
        holdings: holdings, table: table, isAmbiguous: false, unreadable: unreadable,
        isAnswer: isAnswer, omitsNoneOfConcern: omitsNoOwnerOfConcern, origin: nil)
    case .inAcceptQueue(let listeners, let holdings):
      return ConnectionOwners(
        holdings: holdings[...], table: table, isAmbiguous: listeners.count > 1,
        unreadable: unreadable, isAnswer: isAnswer, omitsNoneOfConcern: false,
        origin: holdings.isEmpty ? origin(of: connection) : nil)
    case .minisocket, .orphan, .unknown, .notRead:
      return ConnectionOwners(
        holdings: [], table: table, isAmbiguous: false, unreadable: unreadable,
        isAnswer: isAnswer, omitsNoneOfConcern: false, origin: origin(of: connection))
    }
  }

  /// The cgroup of `connection`: that of its owners or, while it waits in an accept queue, of the
  /// listener's. Where no owner is known, or they are in several, it is the one in which the socket
  /// was made; nil when that is unknown too.
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

  /// The cgroup in which the socket was made. One that was accepted has its listener's.
  private func origin(of connection: Connection) -> ControlGroup? {
    connection.cgroupID.flatMap { controlGroups[$0] }
  }

  /// The processes that hold `connection`, each once, in the order of their pids.
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
