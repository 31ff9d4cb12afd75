/// An action on a connection through one of its descriptors.
public enum DescriptorAction: Hashable, Sendable {
  /// shutdown(2) with `SHUT_RDWR`: the kernel sends queued data, then a FIN.
  case shutdown
  /// connect(2) to `AF_UNSPEC`: the kernel sends a RST and drops the connection.
  case abort
  /// `SO_KEEPALIVE` and its times: the kernel ends the connection if the peer stops answering.
  case keepalive(KeepaliveSettings)
}

/// The effect of an action.
public enum DescriptorEffect: Hashable, Sendable {
  /// The kernel performed it.
  case done
  /// Keepalive is on: the settings before and after, as the kernel reports them.
  case armed(KeepaliveChange)
}
