package import Connections
import ProcessTable
package import Scanning

/// Connections counted together.
package struct ConnectionGroup: Equatable {
  /// The name of the group in JSON; nil for connections that have no such property.
  package let key: String?
  /// The name in a table, such as `java[1744]`, or why there is none; not yet escaped.
  package let label: String
  /// The pid, if this is the group of a process.
  package let pid: Int32?
  package var figures = Figures()

  /// The counts and sums of a group.
  package struct Figures: Equatable {
    package var count = 0
    /// Connections idle for at least ``idleLimit``.
    package var longIdle = 0
    /// Connections whose idle time is unknown, in a state in which they could be idle.
    package var idleUnknown = 0
    package var closeWait = 0
    /// The longest idle time, in milliseconds; nil if none is known.
    package var oldestIdle: UInt32?
    /// Bytes waiting to be read.
    package var receiveQueue: UInt64 = 0
    /// Bytes waiting to be acknowledged.
    package var sendQueue: UInt64 = 0

    package init(
      count: Int = 0, longIdle: Int = 0, idleUnknown: Int = 0, closeWait: Int = 0,
      oldestIdle: UInt32? = nil, receiveQueue: UInt64 = 0, sendQueue: UInt64 = 0
    ) {
      self.count = count
      self.longIdle = longIdle
      self.idleUnknown = idleUnknown
      self.closeWait = closeWait
      self.oldestIdle = oldestIdle
      self.receiveQueue = receiveQueue
      self.sendQueue = sendQueue
    }

    /// The minimum idle time of ``longIdle``: an hour, in milliseconds.
    package static let idleLimit: UInt32 = 3_600_000

    /// Counts `connection`.
    package mutating func add(_ connection: Connection) {
      count += 1
      if connection.state == .closeWait { closeWait += 1 }
      // The queues of a listener hold connections, not bytes.
      if connection.state != .listen {
        receiveQueue += UInt64(connection.receiveQueue)
        sendQueue += UInt64(connection.sendQueue)
      }
      guard connection.state.isSynchronized else { return }
      guard let idle = connection.idle else {
        // A minisocket in FIN_WAIT2 has no idle time and no owner, so it cannot be in use.
        if connection.inode != 0 { idleUnknown += 1 }
        return
      }
      if idle >= Self.idleLimit { longIdle += 1 }
      oldestIdle = max(oldestIdle ?? 0, idle)
    }

    /// ``longIdle``; nil if no idle time is known although some connections could be idle.
    package var knownLongIdle: Int? { idleUnknown > 0 && oldestIdle == nil ? nil : longIdle }
  }

  /// The connections of `snapshot` in groups, largest first, then by name.
  package static func groups(
    of snapshot: Snapshot, by grouping: Grouping, names: SystemNumbers
  ) -> [ConnectionGroup] {
    var figures: [GroupingKey: Figures] = [:]
    for connection in snapshot.connections {
      figures[grouping.key(of: connection, in: snapshot), default: Figures()].add(connection)
    }
    return figures.map { key, figures in
      var group = ConnectionGroup(key, in: snapshot, names: names)
      group.figures = figures
      return group
    }.sorted(by: comesBefore)
  }

  /// An empty group for `key`.
  package init(_ key: GroupingKey, in snapshot: Snapshot, names: SystemNumbers) {
    (self.key, label, pid) = Self.names(of: key, in: snapshot, names: names)
  }

  private static func names(
    of key: GroupingKey, in snapshot: Snapshot, names: SystemNumbers
  ) -> (key: String?, label: String, pid: Int32?) {
    switch key {
    case .process(let index):
      guard let process = snapshot.owners?.processes[Int(index)] else {
        return (nil, GroupingKey.Reason.ownerUnknown.text, nil)
      }
      return ((process.shownName ?? "?").text, process.label.text, process.pid)
    case .program(let program): return (program.name.text, program.label.text, nil)
    case .container(let container): return (container.id.text, container.label.text, nil)
    case .pod(let pod): return (pod.uid ?? pod.label.text, pod.label.text, nil)
    case .namespace(let index):
      let namespace = snapshot.namespaces[Int(index)]
      let inode = namespace.inode(at: snapshot.moment)
      let number = inode.map { "\($0)" }
      return (number, namespace.name?.text ?? number ?? "unknown", nil)
    case .state(let state): return (state.name, state.label, nil)
    case .peer(let end), .listener(let end): return plain(end.text(in: snapshot, names))
    case .localPort(let port): return plain("\(port)")
    case .user(let id): return plain(names.userName(id) ?? "\(id)")
    case .unit(let name): return plain(name.text)
    case .none(let reason): return (nil, reason.text, nil)
    }
  }

  private static func plain(_ text: String) -> (key: String?, label: String, pid: Int32?) {
    (text, text, nil)
  }

  static func comesBefore(_ lhs: ConnectionGroup, _ rhs: ConnectionGroup) -> Bool {
    if lhs.figures.count != rhs.figures.count { return lhs.figures.count > rhs.figures.count }
    let (label, otherLabel) = (KernelName(lhs.label), KernelName(rhs.label))
    if label != otherLabel { return label < otherLabel }
    return KernelName(lhs.key ?? "") < KernelName(rhs.key ?? "")
  }
}

extension ConnectionGroup {
  /// Identifies a group across snapshots.
  package struct Identity: Hashable {
    package let key: KernelName?
    package let label: KernelName
  }

  /// The identity of the group.
  package var identity: Identity {
    Identity(key: key.map { KernelName($0) }, label: KernelName(label))
  }

  /// The same group without connections.
  package var gone: ConnectionGroup {
    var group = self
    group.figures = Figures()
    return group
  }
}
