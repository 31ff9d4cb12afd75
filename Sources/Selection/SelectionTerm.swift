public import Connections

/// One condition on a connection: an option, a key of a policy's `match`, or a term of a filter.
///
/// Durations are in milliseconds, sizes in bytes.
public enum SelectionTerm: Equatable, Sendable {
  /// In one of these states.
  case states(TCPStateSet)
  /// No payload moved in either direction for at least this long (``Connection/idle``).
  case idle(atLeast: UInt64)
  /// Data in flight or queued, and nothing acknowledged by the peer for at least this long.
  case stalled(atLeast: UInt64)
  /// In the current state for at least this long.
  case inState(atLeast: UInt64)
  /// First seen by connreap at least this long ago; unknown without the history of earlier runs.
  case age(atLeast: UInt64)
  /// The address of this end is in the block; an IPv4 block includes v4-mapped addresses.
  case address(ConnectionEnd, AddressBlock)
  /// This end is bound to the wildcard address of both families, printed as `*`.
  case wildcard(ConnectionEnd)
  /// The port of this end is in the range.
  case port(ConnectionEnd, ClosedRange<UInt16>)
  /// An owner's command name, the base name of its executable or its program matches.
  case process(Glob)
  /// An owner's command line, its arguments joined by spaces, matches.
  case command(Glob)
  /// A process with this pid holds it.
  case pid(Int32)
  /// An owner is in a systemd unit that matches; the pattern may omit `.service`.
  case unit(Glob)
  /// An owner is in this container.
  case container(ContainerReference)
  /// An owner is in this Kubernetes pod.
  case pod(PodReference)
  /// An owner is in the cgroup at this path or in a descendant of it.
  case cgroup(path: KernelName)
  /// The socket belongs to this uid (`idiag_uid`).
  case user(UInt32)
  /// The socket is of this family, as with `-4` and `-6` of `ss`. A v4-mapped connection belongs to
  /// an `AF_INET6` socket and is not `ipv4`.
  case family(AddressFamily)
  /// At least this many bytes received but not read; in LISTEN, connections waiting to be accepted.
  case receiveQueue(atLeast: UInt32)
  /// At least this many bytes written but not acknowledged; in LISTEN, the backlog.
  case sendQueue(atLeast: UInt32)
  /// Bound to the interface with this index, or with a link-local address on it.
  case interface(UInt32)
  /// The same for the interface with this index in the connection's network namespace.
  case interfaceNumber(UInt32)
  /// In this network namespace.
  case namespace(NamespaceTerm)
  /// `SO_MARK` has this value under `mask`.
  case mark(UInt32, mask: UInt32)
  /// The kernel chose the local port, and the port is in the ephemeral range. The range is nil if
  /// it could not be read.
  ///
  /// Unknown if only one of the two holds. `ss` then selects the connection with neither
  /// `autobound` nor `not autobound`.
  case autobound(within: ClosedRange<UInt16>?)
}

/// One end of a connection.
public enum ConnectionEnd: CaseIterable, Sendable {
  /// The local end.
  case local
  /// The peer's end.
  case peer
  /// Either end.
  case either
}

extension SelectionTerm {
  /// Whether it needs the owners of the socket.
  public var needsOwners: Bool {
    switch self {
    case .process, .command, .pid: true
    default: needsControlGroups
    }
  }

  /// Whether it needs the command lines of the owners.
  public var needsCommands: Bool {
    if case .command = self { true } else { false }
  }

  /// Whether a term about containers or pods matches a process in `group`; nil for other terms.
  public func containerVerdict(of group: ControlGroup) -> Verdict? {
    switch self {
    case .container(let text): text.verdict(of: group)
    case .pod(let text): text.verdict(of: group)
    default: nil
    }
  }

  /// Whether it needs the cgroup of the owners or, if none is known, of the socket.
  public var needsControlGroups: Bool {
    switch self {
    case .unit, .container, .pod, .cgroup: true
    default: false
    }
  }

  /// Whether it needs a figure from `tcp_info`.
  public var needsFigures: Bool {
    switch self {
    case .idle, .stalled, .inState: true
    default: false
    }
  }

  /// Whether it needs to know if the kernel chose the local port, which takes an extra dump.
  public var needsAutobound: Bool {
    if case .autobound = self { true } else { false }
  }

  /// Whether it needs the history of earlier runs.
  public var needsHistory: Bool {
    if case .age = self { true } else { false }
  }

  /// The relative cost of evaluation.
  var cost: Int {
    switch self {
    case .states, .family, .namespace: 1
    case .autobound, .port, .user, .interface, .interfaceNumber, .mark, .receiveQueue, .sendQueue,
      .age:
      2
    case .address, .wildcard: 3
    case .idle, .stalled, .inState: 4
    case .pid: 1000
    case .process, .command, .unit, .container, .pod, .cgroup: 2000
    }
  }
}
