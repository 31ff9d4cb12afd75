public import Connections

extension SelectionTerm {
  /// Whether the term matches `connection`, held by `owners`.
  ///
  /// - Parameter past: the history of the connection from earlier runs; nil if there is none.
  public func verdict(
    of connection: Connection, owners: some OwnerFacts, past: ConnectionPast? = nil
  ) -> Verdict {
    switch self {
    case .states(let states): Verdict(states.contains(connection.state))
    case .idle(let least): Self.idle(connection, past, least)
    case .stalled(let least):
      switch connection.hasDataInFlight {
      case .some(false): .no
      case .some(true): Self.reaches(connection.stalled, least)
      case .none: .unknown
      }
    case .inState(let least): Self.inState(connection, past, least)
    // Never `no`: the connection may be older than its entry in the history.
    case .age(let least): past.map { $0.age >= least } == true ? .yes : .unknown
    case .address(let end, let block): Verdict(Self.address(of: connection, at: end, in: block))
    case .wildcard(let end): Self.wildcard(connection, at: end)
    case .port(let end, let range): Verdict(Self.port(of: connection, at: end, in: range))
    case .process, .command, .pid: Self.owner(of: connection, owners) { verdict(of: $0) }
    case .unit, .container, .pod, .cgroup:
      Self.group(of: connection, owners) { verdict(of: $0) }
    case .user(let id): Verdict(connection.userID.map { $0 == id })
    case .family(let family): Verdict(connection.identity.family == family)
    case .receiveQueue(let least): Verdict(connection.receiveQueue >= least)
    case .sendQueue(let least): Verdict(connection.sendQueue >= least)
    case .interface(let index), .interfaceNumber(let index):
      Verdict(connection.identity.interface == index)
    case .autobound(let range): Self.autobound(connection, within: range)
    case .namespace(let term): term.verdict(in: connection.namespace)
    case .mark(let mark, let mask): Verdict(connection.mark.map { $0 & mask == mark })
    }
  }

  /// Whether a term about processes matches `process`; unknown for other terms.
  func verdict(of process: OwnerProcess) -> Verdict {
    switch self {
    case .process(let glob): Self.name(of: process, matches: glob)
    case .command(let glob): Self.command(of: process, matches: glob)
    case .pid(let pid): Verdict(process.pid == pid)
    default: .unknown
    }
  }

  /// Whether a term about cgroups matches `group`; unknown for other terms.
  private func verdict(of group: ControlGroup) -> Verdict {
    switch self {
    case .unit(let glob): Verdict(group.unit.map { Self.unit($0, matches: glob) } ?? false)
    case .container(let text): text.verdict(of: group)
    case .pod(let text): text.verdict(of: group)
    case .cgroup(let path): Verdict(group.isWithin(path))
    default: .unknown
    }
  }

  /// Whether a term about owners matches the owner `process`; nil for other terms.
  func ownerVerdict(of process: OwnerProcess) -> Verdict? {
    guard needsOwners else { return nil }
    guard needsControlGroups else { return verdict(of: process) }
    return process.controlGroup.map { verdict(of: $0) } ?? .unknown
  }

  /// Whether a kernel figure reaches a limit. It wraps after 49.7 days, so longer times are
  /// unknown.
  private static func reaches(_ figure: UInt32?, _ least: UInt64) -> Verdict {
    guard let figure, least <= UInt64(UInt32.max) else { return .unknown }
    return Verdict(UInt64(figure) >= least)
  }

  private static func idle(
    _ connection: Connection, _ past: ConnectionPast?, _ least: UInt64
  ) -> Verdict {
    if connection.idle != nil, let idle = past?.idle, idle >= least { return .yes }
    return reaches(connection.idle, least)
  }

  private static func inState(
    _ connection: Connection, _ past: ConnectionPast?, _ least: UInt64
  ) -> Verdict {
    if let past, past.inState >= least { return .yes }
    if reaches(connection.inStateAtLeast, least) == .yes { return .yes }
    return reaches(connection.inStateAtMost, least) == .no ? .no : .unknown
  }

  /// Whether the kernel chose the local port.
  ///
  /// It never chooses a port outside its range. A port inside may still have been bound by the
  /// program, and an accepted connection has the port of its listener.
  private static func autobound(
    _ connection: Connection, within range: ClosedRange<UInt16>?
  ) -> Verdict {
    let isInRange = range.map { $0.contains(connection.identity.localPort) }
    switch (connection.isAutobound, isInRange) {
    case (true, true): return .yes
    case (false, false), (nil, false): return .no
    default: return .unknown
    }
  }

  private static func address(
    of connection: Connection, at end: ConnectionEnd, in block: AddressBlock
  ) -> Bool {
    let identity = connection.identity
    return switch end {
    case .local: block.contains(identity.local.address)
    case .peer: block.contains(identity.peer.address)
    case .either:
      block.contains(identity.local.address) || block.contains(identity.peer.address)
    }
  }

  /// Whether an end is `*`. The kernel reports `IPV6_V6ONLY` only for listening and bound sockets.
  private static func wildcard(_ connection: Connection, at end: ConnectionEnd) -> Verdict {
    let identity = connection.identity
    let isUnspecified =
      switch end {
      case .local: identity.localBits == 0
      case .peer: identity.peerBits == 0
      case .either: identity.localBits == 0 || identity.peerBits == 0
      }
    guard identity.family == .ipv6, isUnspecified else { return .no }
    return Verdict(connection.isV6Only.map { !$0 })
  }

  private static func port(
    of connection: Connection, at end: ConnectionEnd, in range: ClosedRange<UInt16>
  ) -> Bool {
    let identity = connection.identity
    return switch end {
    case .local: range.contains(identity.localPort)
    case .peer: range.contains(identity.peerPort)
    case .either: range.contains(identity.localPort) || range.contains(identity.peerPort)
    }
  }

  /// Whether an owner matches.
  ///
  /// Minisockets, orphans and connections in an accept queue have inode 0, so they have no owner.
  /// For a connection in an accept queue, the owners of the listener count.
  private static func owner(
    of connection: Connection, _ owners: some OwnerFacts, _ matches: (OwnerProcess) -> Verdict
  ) -> Verdict {
    switch connection.ownerless {
    case .minisocket, .orphan: .unknown
    case .inAcceptQueue, .none: owners.anyOwner(matches)
    }
  }

  /// Whether the cgroup of an owner matches.
  ///
  /// If no owner is known, the cgroup in which the socket was created can match. It cannot rule out
  /// others, because sockets can be passed to another process.
  private static func group(
    of connection: Connection, _ owners: some OwnerFacts, _ matches: (ControlGroup) -> Verdict
  ) -> Verdict {
    if let origin = owners.origin, matches(origin) == .yes { return .yes }
    return owner(of: connection, owners) { $0.controlGroup.map(matches) ?? .unknown }
  }

  private static func unit(_ unit: KernelName, matches glob: Glob) -> Bool {
    let suffix = ".service"
    return glob.matches(unit)
      || unit.hasSuffix(suffix)
        && unit.withBytes { glob.matches($0.extracting(droppingLast: suffix.utf8.count)) }
  }

  private static func name(of owner: OwnerProcess, matches glob: Glob) -> Verdict {
    let byName = Verdict(owner.name.map { glob.matches($0) })
    guard byName != .yes else { return .yes }
    let byExecutable = Verdict(owner.executable.map { matches(baseName: $0, glob) })
    guard byExecutable != .yes else { return .yes }
    return byName.or(byExecutable).or(Verdict(owner.program.map { glob.matches($0) }))
  }

  /// Whether the command line matches; unknown if that depends on a part that was not read.
  private static func command(of owner: OwnerProcess, matches glob: Glob) -> Verdict {
    guard let command = owner.command else { return .unknown }
    let verdict = Verdict(glob.matches(command.text))
    guard command.isTruncated else { return verdict }
    return verdict == .yes && glob.endsWithRun ? .yes : .unknown
  }

  private static func matches(baseName path: KernelName, _ glob: Glob) -> Bool {
    path.withBytes { bytes in
      var start = bytes.count
      while start > 0, bytes[start - 1] != UInt8(ascii: "/") { start -= 1 }
      return glob.matches(bytes.extracting(droppingFirst: start))
    }
  }
}
