public import Connections
public import Netlink
public import ProcessTable

/// A scanned network namespace.
public struct ScannedNamespace: Hashable, Sendable {
  /// The inode number; nil if it could not be read.
  public let inode: UInt64?
  /// The name in `ip netns`, if it has one.
  public let name: KernelName?
  /// Whether connreap runs in it; only its interfaces are known by name.
  public let isOwn: Bool

  /// A namespace with these facts.
  public init(inode: UInt64?, name: KernelName?, isOwn: Bool) {
    self.inode = inode
    self.name = name
    self.isOwn = isOwn
  }

  /// The inode number, or the one in `moment` for connreap's own namespace.
  public func inode(at moment: ScanMoment) -> UInt64? {
    inode ?? (isOwn ? moment.networkNamespace : nil)
  }

  /// The namespace that connreap runs in.
  public static let own = ScannedNamespace(inode: nil, name: nil, isOwn: true)
}

/// A network namespace and the means to list its sockets.
public struct NamespaceSource {
  /// The namespace.
  public let namespace: ScannedNamespace
  /// Opens a netlink socket in this namespace.
  public let openTransport: () throws(NetlinkProblem) -> any NetlinkTransport

  /// A descriptor for entering it; nil for the own namespace, or if it could not be opened.
  public let openNamespace: OpenNetworkNamespace?

  /// A source that lists the sockets of `namespace` with `openTransport`.
  public init(
    _ namespace: ScannedNamespace, openNamespace: OpenNetworkNamespace? = nil,
    openTransport: @escaping () throws(NetlinkProblem) -> any NetlinkTransport
  ) {
    self.namespace = namespace
    self.openNamespace = openNamespace
    self.openTransport = openTransport
  }
}

/// A network namespace whose connections could not be listed.
public struct NamespaceGap: Equatable, Sendable {
  /// The namespace.
  public let namespace: ScannedNamespace
  /// The reason.
  public let problem: ScanProblem
}
