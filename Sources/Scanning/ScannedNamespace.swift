public import Connections
public import Netlink
public import ProcessTable

/// One network namespace that a scan looked at.
public struct ScannedNamespace: Hashable, Sendable {
  /// Its inode number; nil when it could not be read.
  public let inode: UInt64?
  /// Its name, where `ip netns` has given it one.
  public let name: KernelName?
  /// Whether it is the one that connreap runs in, whose interfaces it knows by name.
  public let isOwn: Bool

  /// A namespace of which these facts are known.
  public init(inode: UInt64?, name: KernelName?, isOwn: Bool) {
    self.inode = inode
    self.name = name
    self.isOwn = isOwn
  }

  /// The one that connreap runs in.
  public static let own = ScannedNamespace(inode: nil, name: nil, isOwn: true)
}

/// A network namespace, and the way to talk to the kernel in it.
public struct NamespaceSource {
  /// Which it is.
  public let namespace: ScannedNamespace
  /// Opens a conversation with the kernel that sees this namespace.
  public let openTransport: () throws(NetlinkProblem) -> any NetlinkTransport

  /// The way into it; nil of the own one, and of one that could not be opened.
  public let entrance: OpenNetworkNamespace?

  /// The namespace that `openTransport` opens conversations in, and that `entrance` leads to.
  public init(
    _ namespace: ScannedNamespace, entrance: OpenNetworkNamespace? = nil,
    openTransport: @escaping () throws(NetlinkProblem) -> any NetlinkTransport
  ) {
    self.namespace = namespace
    self.entrance = entrance
    self.openTransport = openTransport
  }
}

/// A network namespace whose connections could not be listed.
public struct NamespaceGap: Equatable, Sendable {
  /// Which it is.
  public let namespace: ScannedNamespace
  /// Why.
  public let problem: ScanProblem
}
