/// What a policy does to the groups that reach its threshold.
public enum PolicyAction: String, CaseIterable, Sendable {
  /// Says so, and closes nothing.
  case report
  /// Has the kernel find out whether their peers are dead, and closes nothing (`SO_KEEPALIVE`).
  case keepalive
  /// Ends their connections as their program would (shutdown(2)).
  case shutdown
  /// Closes their connections through a descriptor of their program (connect(2), `AF_UNSPEC`).
  case abort
  /// Closes their connections (`SOCK_DESTROY`).
  case destroy

  /// Whether it closes connections at once.
  public var closes: Bool {
    switch self {
    case .report, .keepalive: false
    case .shutdown, .abort, .destroy: true
    }
  }
}

extension PolicyGrouping {
  /// Whether groups are of containers, whose network namespaces are to be looked at then.
  public var countsContainers: Bool { self == .container || self == .pod }
}

/// By what a policy puts connections together before it counts them.
public enum PolicyGrouping: String, CaseIterable, Sendable {
  /// By the process that holds them; of several, the one with the lowest pid.
  case process
  /// By the systemd unit of the processes that hold them.
  case unit
  /// By the container of the processes that hold them.
  case container
  /// By the Kubernetes pod of the processes that hold them.
  case pod
  /// By the user of the socket.
  case user
  /// By the peer's address.
  case peer
  /// By the local address and port.
  case listener
  /// All in one group.
  case none
}

/// Words of a policy file.
protocol PolicyWord: RawRepresentable, CaseIterable where RawValue == String {}

/// The keys of a whole file.
enum FileKey: String, PolicyWord {
  case version
  case protect
  case policies
}

/// The keys of one policy.
enum PolicyKey: String, PolicyWord {
  case name
  case description
  case match
  case except
  case inState = "in-state"
  case groupBy = "group-by"
  case threshold
  case keep
  case action
  case limit
  case limitPercent = "limit-percent"
  case rate
  case seen
  case giveUpAfter = "give-up-after"
  case notify
}

/// The words for an action.
enum ActionWord: String, PolicyWord {
  case report
  case keepalive
  case shutdown
  case abort
  case destroy
}

/// The words for a grouping.
enum GroupingWord: String, PolicyWord {
  case process
  case unit
  case container
  case pod
  case user
  case peer
  case listener
  case none
}
