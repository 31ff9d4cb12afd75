public import Connections

/// One statement about a connection: an option, a key of a policy's `match`, a term of a filter.
///
/// Durations are in milliseconds, sizes in bytes.
public enum SelectionTerm: Equatable, Sendable {
  /// It is in one of these states.
  case states(TCPStateSet)
  /// No payload has moved in either direction for so long (``Connection/idle``).
  case idle(atLeast: UInt64)
  /// Data is in flight or queued, and the peer has acknowledged nothing for so long.
  case stalled(atLeast: UInt64)
  /// It has been in its state for so long.
  case inState(atLeast: UInt64)
  /// It was first seen so long ago. That is kept by the history of earlier runs, not by the
  /// kernel: a row alone leaves it unknown.
  case age(atLeast: UInt64)
  /// The address of this end lies in the block; one of IPv4 also holds the v4-mapped forms.
  case address(ConnectionEnd, AddressBlock)
  /// This end is bound to the address that a table shows as `*`: any, of both families.
  case wildcard(ConnectionEnd)
  /// The port of this end lies in the range.
  case port(ConnectionEnd, ClosedRange<UInt16>)
  /// An owner's command name, or the base name of its executable, matches.
  case process(Glob)
  /// A process with this id holds it.
  case pid(Int32)
  /// An owner is in a systemd unit that matches; `.service` may be left out.
  case unit(Glob)
  /// An owner is in this container.
  case container(ContainerText)
  /// An owner is in this Kubernetes pod.
  case pod(PodText)
  /// An owner is in the cgroup at this path, or in one below it.
  case cgroup(path: KernelName)
  /// The socket belongs to this uid (`idiag_uid`).
  case user(UInt32)
  /// The socket is of this family, as `-4` and `-6` of `ss` mean it: a v4-mapped connection is
  /// one of an `AF_INET6` socket, and is not `ipv4`.
  case family(AddressFamily)
  /// So much has been received and not read; in LISTEN, so many connections wait.
  case receiveQueue(atLeast: UInt32)
  /// So much has been written and not acknowledged; in LISTEN, the backlog is so long.
  case sendQueue(atLeast: UInt32)
  /// It is bound to, or its link-local address is of, the interface with this index.
  case interface(UInt32)
  /// The same, for the interface that has this number in the connection's network namespace.
  case interfaceNumber(UInt32)
  /// It is in this network namespace.
  case namespace(NamespaceTerm)
  /// The bits of `SO_MARK` under `mask` are those of the number.
  case mark(UInt32, mask: UInt32)
  /// The kernel chose its local port, which lies in the range that it chooses from; nil when that
  /// range could not be read. Where only one of both is so it is unknown, as `ss` then selects
  /// neither by `autobound` nor by `not autobound`.
  case autobound(within: ClosedRange<UInt16>?)
}

/// Which end of a connection is meant.
public enum ConnectionEnd: CaseIterable, Sendable {
  /// The local end.
  case local
  /// The peer's end.
  case peer
  /// One end or the other.
  case either
}

extension SelectionTerm {
  /// Whether it asks about the processes that hold the socket.
  public var needsOwners: Bool {
    switch self {
    case .process, .pid: true
    default: needsControlGroups
    }
  }

  /// What it says of a container or pod that a process in `group` is in; nil for other terms.
  public func containerVerdict(of group: ControlGroup) -> Verdict? {
    switch self {
    case .container(let text): text.verdict(of: group)
    case .pod(let text): text.verdict(of: group)
    default: nil
    }
  }

  /// Whether it asks about the cgroup of the owners or, where none is known, of the socket.
  public var needsControlGroups: Bool {
    switch self {
    case .unit, .container, .pod, .cgroup: true
    default: false
    }
  }

  /// Whether it asks about a figure of `tcp_info`.
  public var needsFigures: Bool {
    switch self {
    case .idle, .stalled, .inState: true
    default: false
    }
  }

  /// Whether it asks who chose the local port, which takes a dump more.
  public var needsAutobound: Bool {
    if case .autobound = self { true } else { false }
  }

  /// Whether it asks about what only earlier runs have seen.
  public var needsHistory: Bool {
    if case .age = self { true } else { false }
  }

  /// How dear it is to decide, compared with the others.
  var cost: Int {
    switch self {
    case .states, .family, .namespace: 1
    case .autobound, .port, .user, .interface, .interfaceNumber, .mark, .receiveQueue, .sendQueue,
      .age:
      2
    case .address, .wildcard: 3
    case .idle, .stalled, .inState: 4
    case .pid: 1000
    case .process, .unit, .container, .pod, .cgroup: 2000
    }
  }
}
