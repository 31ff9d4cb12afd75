public import DescriptorActions

/// How a connection is closed.
public enum ClosingMethod: Hashable, Sendable {
  /// `SOCK_DESTROY`: the kernel closes the connection by address and cookie. The peer gets RST.
  case destroy
  /// shutdown(2) through a descriptor of the program. The peer gets FIN after the queued data.
  case shutdown
  /// connect(2) to `AF_UNSPEC` through a descriptor of the program. The peer gets RST.
  case abort
  /// Keepalive, set through a descriptor of the program. The kernel closes the connection if its
  /// peer does not answer.
  case keepalive(KeepaliveSettings)

  private static func all(_ keepalive: KeepaliveSettings) -> [ClosingMethod] {
    [.destroy, .shutdown, .abort, .keepalive(keepalive)]
  }

  /// The names of the methods in `--method` and policies.
  public static let names = all(.standard).map(\.name)

  /// The method with this name; nil if there is none.
  public init?(name: String, keepalive: KeepaliveSettings = .standard) {
    guard let method = Self.all(keepalive).first(where: { $0.name == name }) else { return nil }
    self = method
  }

  /// The name in `--method` and policies.
  public var name: String {
    switch self {
    case .destroy: "destroy"
    case .shutdown: "shutdown"
    case .abort: "abort"
    case .keepalive: "keepalive"
    }
  }

  /// Whether it closes connections, rather than only arming keepalive.
  public var closes: Bool { if case .keepalive = self { false } else { true } }

  /// The action on a descriptor; nil if none is needed.
  public var action: DescriptorAction? {
    switch self {
    case .destroy: nil
    case .shutdown: .shutdown
    case .abort: .abort
    case .keepalive(let settings): .keepalive(settings)
    }
  }

  /// The effect on the peer, for a heading.
  public var effectOnPeer: String {
    switch self {
    case .destroy, .abort: "RST to the peer"
    case .shutdown: "FIN to the peer, after queued data"
    case .keepalive: "nothing is closed now"
    }
  }
}
