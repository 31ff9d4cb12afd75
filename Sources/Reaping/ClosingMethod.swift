public import DescriptorActions

/// How a connection is closed.
public enum ClosingMethod: Hashable, Sendable {
  /// `SOCK_DESTROY`: the kernel does it by address and cookie; the peer gets RST.
  case destroy
  /// shutdown(2) through a descriptor of the program's: the peer gets FIN, after what is queued.
  case shutdown
  /// connect(2) to `AF_UNSPEC` through a descriptor of the program's: the peer gets RST.
  case abort
  /// Nothing is closed: through a descriptor of the program's the kernel is told to close it when
  /// its peer does not answer.
  case keepalive(KeepaliveSettings)

  private static func all(_ keepalive: KeepaliveSettings) -> [ClosingMethod] {
    [.destroy, .shutdown, .abort, .keepalive(keepalive)]
  }

  /// The words for the methods, as `--method` and policies spell them.
  public static let names = all(.usual).map(\.name)

  /// The method of this name; nil when there is none.
  public init?(name: String, keepalive: KeepaliveSettings = .usual) {
    guard let method = Self.all(keepalive).first(where: { $0.name == name }) else { return nil }
    self = method
  }

  /// The word for it.
  public var name: String {
    switch self {
    case .destroy: "destroy"
    case .shutdown: "shutdown"
    case .abort: "abort"
    case .keepalive: "keepalive"
    }
  }

  /// Whether it closes, and does not only arm the kernel to.
  public var closes: Bool { if case .keepalive = self { false } else { true } }

  /// What is done through a descriptor; nil when none is needed.
  public var action: DescriptorAction? {
    switch self {
    case .destroy: nil
    case .shutdown: .shutdown
    case .abort: .abort
    case .keepalive(let settings): .keepalive(settings)
    }
  }

  /// What the peer gets, as a heading says it.
  public var effectOnPeer: String {
    switch self {
    case .destroy, .abort: "RST to the peer"
    case .shutdown: "FIN to the peer, after what is queued"
    case .keepalive: "nothing is closed now"
    }
  }
}
