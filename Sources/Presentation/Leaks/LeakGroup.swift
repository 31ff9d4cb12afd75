package import Connections
package import PolicyEngine

/// Leaked connections and dead descriptors that are counted together: those of one program, say.
package struct LeakGroup: Equatable {
  /// What they have in common; nil for connections without such a property.
  package var key: GroupKey?
  /// The name of the group, such as `orders.jar`, or why it has none; not escaped.
  package var label: KernelName
  /// The processes that hold them, those with most leaked connections first.
  package var processes: [Process] = []
  /// The systemd unit of the first process; nil in a container or if it has none.
  package var unit: KernelName?
  package var container: Container?
  package var pod: Pod?
  /// The user of most leaked connections.
  package var userID: UInt32?
  /// The network namespaces of the leaked connections, as indices in the snapshot.
  package var namespaces: Set<UInt16> = []
  package var figures = ConnectionGroup.Figures()
  /// The leaked connections: in CLOSE-WAIT and, if asked for, idle.
  package var leaked = 0
  /// Those of ``leaked`` that are ESTABLISHED.
  package var leakedIdle = 0
  /// Descriptors of connections that are closed, which the processes still hold; nil if unknown.
  package var dead: Int?
  /// The least and the greatest time since the first connection leaked, in milliseconds.
  package var longest: ClosedRange<UInt64>?
  package var growth: LeakGrowth?
  /// The peers of leaked connections, the most frequent first; at most ``maximumPeers``.
  package var peers: [Peer] = []
  /// The local port of most leaked connections if a listener accepted them; nil otherwise.
  package var acceptedPort: AcceptedPort?

  package static let maximumPeers = 5

  package init(key: GroupKey?, label: KernelName) {
    self.key = key
    self.label = label
  }

  /// A process of the group.
  package struct Process: Equatable {
    package var owner: OwnerProcess
    package var leaked = 0
    /// All its connections in CLOSE-WAIT and, if they count, ESTABLISHED ones.
    package var counted = 0
    package var dead: Int?
    package var growth: LeakGrowth?
    /// The number of its open descriptors; nil if unknown.
    package var openDescriptors: Int?
    /// Its limit on descriptors; nil if unknown or unlimited.
    package var descriptorLimit: Int?

    package init(owner: OwnerProcess) { self.owner = owner }

    /// How long its descriptors last at its growth, in milliseconds, at most if the growth is a
    /// lower bound; nil without growth or if unknown.
    package var descriptorsLast: UInt64? {
      guard let openDescriptors, let descriptorLimit, let growth, growth.perHour >= 1 / 24 else {
        return nil
      }
      let left = Double(max(0, descriptorLimit - openDescriptors))
      return UInt64(left * 3_600_000 / growth.perHour)
    }

    /// The used share of its descriptors; nil if unknown.
    package var share: Double? {
      guard let openDescriptors, let descriptorLimit else { return nil }
      return Double(openDescriptors) / Double(max(1, descriptorLimit))
    }
  }

  /// A peer and its number of leaked connections.
  package struct Peer: Equatable {
    /// An address, with the port if all connections share it.
    package var name: String
    package var count: Int

    package init(name: String, count: Int) {
      self.name = name
      self.count = count
    }
  }

  /// A local port and the number of leaked connections that were accepted there.
  package struct AcceptedPort: Equatable {
    package var port: UInt16
    package var count: Int

    package init(port: UInt16, count: Int) {
      self.port = port
      self.count = count
    }
  }

  /// The process whose descriptors run out first: the one with the least time left, or else the
  /// one with the fullest table.
  package var tightest: Process? {
    let timed = processes.filter { $0.descriptorsLast != nil }
    if let first = timed.min(by: { ($0.descriptorsLast ?? 0) < ($1.descriptorsLast ?? 0) }) {
      return first
    }
    return processes.filter { $0.openDescriptors != nil }
      .max { ($0.share ?? 0) < ($1.share ?? 0) }
  }
}
