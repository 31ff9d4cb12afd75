/// What connections are counted by: the words of `stats --by` and of `group-by` in policies.
public enum Grouping: String, CaseIterable, Sendable {
  /// The process that holds them; of several, the one with the lowest pid.
  case process
  /// The program that holds them: all its processes in one container or unit.
  case program
  /// The peer's address.
  case peer
  /// The local port.
  case localPort = "local-port"
  /// The local address and port.
  case listener
  /// The user of the socket.
  case user
  /// The systemd unit of the processes that hold them.
  case unit
  /// The container of the processes that hold them.
  case container
  /// The Kubernetes pod of the processes that hold them.
  case pod
  /// The network namespace.
  case netns
  /// The state.
  case state

  /// Those that a policy can use.
  public static let forPolicies: [Grouping] = [
    .process, .program, .unit, .container, .pod, .user, .peer, .listener,
  ]

  /// Whether it counts containers, and so covers the network namespaces of containers.
  public var countsContainers: Bool { self == .container || self == .pod }

  /// Whether the group of a connection follows from the processes that hold it.
  public var dependsOnOwner: Bool {
    switch self {
    case .process, .program, .unit, .container, .pod: true
    case .peer, .localPort, .listener, .user, .netns, .state: false
    }
  }
}
