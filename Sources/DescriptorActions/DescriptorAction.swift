/// What can be done to a connection through a descriptor of it.
public enum DescriptorAction: Hashable, Sendable {
  /// shutdown(2) with `SHUT_RDWR`: what is queued is sent, then a FIN.
  case shutdown
  /// connect(2) to `AF_UNSPEC`: the kernel sends a RST and forgets the connection.
  case abort
  /// `SO_KEEPALIVE` and its times: the kernel ends the connection once the peer does not answer.
  case keepalive(KeepaliveSettings)
}

/// What an action has done.
public enum DescriptorEffect: Hashable, Sendable {
  /// The kernel has done it.
  case done
  /// Keepalive is on: what it was before, and what the kernel says it is now.
  case armed(KeepaliveChange)
}
