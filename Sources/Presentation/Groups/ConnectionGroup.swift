package import Connections
import ProcessTable
package import Scanning

/// Connections that are counted together.
package struct ConnectionGroup: Equatable {
  /// What a program calls the group; nil for those that have nothing in common but the lack of it.
  package let key: String?
  /// What a table calls it, `java[1744]`, or why it has no name; to be escaped.
  package let label: String
  /// Of a process.
  package let pid: Int32?
  package var figures = Figures()

  /// What is counted.
  package struct Figures: Equatable {
    package var count = 0
    /// Idle for ``idleLimit`` or longer.
    package var longIdle = 0
    /// In a state in which they can be idle, but for how long is not known.
    package var idleUnknown = 0
    package var closeWait = 0
    /// The longest idle, in milliseconds; nil when it is known of none.
    package var oldestIdle: UInt32?
    /// Bytes that wait to be read.
    package var receiveQueue: UInt64 = 0
    /// Bytes that wait to be acknowledged.
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

    /// From how long on connections are counted as idle: an hour, in milliseconds.
    package static let idleLimit: UInt32 = 3_600_000

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
        // A minisocket in FIN_WAIT2 keeps no figures: it is nothing that could be in use.
        if connection.inode != 0 { idleUnknown += 1 }
        return
      }
      if idle >= Self.idleLimit { longIdle += 1 }
      oldestIdle = max(oldestIdle ?? 0, idle)
    }

    /// How many are idle; nil when that is known of none of those that can be.
    package var knownLongIdle: Int? { idleUnknown > 0 && oldestIdle == nil ? nil : longIdle }
  }

  /// The connections of `snapshot` in groups, the largest first, then by name.
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

  /// The group of `key`, without a connection yet.
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
      let name = (process.name ?? process.executableName ?? "?").text
      return (name, "\(name)[\(process.pid)]", process.pid)
    case .container(let container): return (container.id.text, container.label.text, nil)
    case .pod(let pod): return (pod.uid ?? pod.label.text, pod.label.text, nil)
    case .namespace(let index):
      let namespace = snapshot.namespaces[Int(index)]
      let inode = namespace.inode ?? (namespace.isOwn ? snapshot.moment.networkNamespace : nil)
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

  private static func comesBefore(_ one: ConnectionGroup, _ other: ConnectionGroup) -> Bool {
    if one.figures.count != other.figures.count { return one.figures.count > other.figures.count }
    let (label, otherLabel) = (KernelName(one.label), KernelName(other.label))
    if label != otherLabel { return label < otherLabel }
    return KernelName(one.key ?? "") < KernelName(other.key ?? "")
  }
}

extension ConnectionGroup {
  /// What tells the group from others, at another moment too.
  package struct Identity: Hashable {
    package let key: KernelName?
    package let label: KernelName
  }

  package var identity: Identity {
    Identity(key: key.map { KernelName($0) }, label: KernelName(label))
  }

  /// The same group when there is nothing left of it.
  package var gone: ConnectionGroup {
    var group = self
    group.figures = Figures()
    return group
  }
}
