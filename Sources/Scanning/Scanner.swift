public import Connections
public import Netlink
public import ProcessTable
import Selection
public import SocketDiagnostics
import SystemPackage

/// Turns a selection into a snapshot: reads sockets from the kernel and their owners from `/proc`.
public struct Scanner {
  let processes: ProcFileSystem
  private let controlGroups: () -> ControlGroupTree?
  let threads: Int
  let splitPort: UInt16?
  private let sources: [NamespaceSource]

  /// The maximum number of attempts for a dump that fails temporarily.
  private static let attempts = 4

  /// The number of connections with an owner from which `/proc` is read during the dump. With
  /// fewer, the dump ends before parallel reading pays off.
  private static let walkThreshold = 16_384

  /// A scanner of one network namespace.
  ///
  /// - Parameters:
  ///   - controlGroups: the cgroup hierarchy, or nil if there is none. Evaluated only if a request
  ///     needs it.
  ///   - openTransport: opens a netlink socket in the network namespace to scan.
  public init(
    processes: ProcFileSystem, controlGroups: @autoclosure @escaping () -> ControlGroupTree? = nil,
    threads: Int,
    openTransport: @escaping () throws(NetlinkProblem) -> any NetlinkTransport
  ) {
    self.init(
      processes: processes, controlGroups: controlGroups(), threads: threads,
      namespaces: [NamespaceSource(.own, openTransport: openTransport)])
  }

  /// A scanner of several network namespaces.
  ///
  /// - Parameter splitPort: a port that splits the connections: in about half of them, both ports
  ///   are below it. Both halves are counted concurrently. Nil if there are too few connections, or
  ///   if the data is a recording.
  public init(
    processes: ProcFileSystem, controlGroups: @autoclosure @escaping () -> ControlGroupTree?,
    threads: Int,
    namespaces: [NamespaceSource], splitPort: UInt16? = nil
  ) {
    self.splitPort = splitPort
    self.processes = processes
    self.controlGroups = controlGroups
    self.threads = threads
    sources = namespaces
  }

  /// Scans for the connections that `request` selects.
  ///
  /// - Throws: if no namespace could be listed; if only some could not, these are gaps.
  public func scan(
    _ request: ScanRequest, at moment: ScanMoment
  ) throws(ScanProblem) -> Snapshot {
    var rows = CollectedRows(request)
    var walk: OwnerWalk?
    if request.surelyNeedsOwners { walk = startWalk(for: request) }
    let gaps = try forEachNamespace { (source, number) throws(ScanProblem) in
      let before = rows.mark
      do throws(ScanProblem) {
        rows.enter(namespace: number)
        try collect(request, from: source, uptime: moment.uptime, into: &rows, walk: &walk)
      } catch {
        rows.rewind(to: before)
        throw error
      }
    }
    return try snapshot(of: rows, for: request, at: moment, gaps: gaps, walk: walk.take())
  }

  /// Calls `each` with every socket that the kernel lists for `request`, in all namespaces.
  ///
  /// After a temporary failure, it may pass a socket again.
  ///
  /// - Returns: the namespaces that could not be listed.
  /// - Throws: if no namespace could be listed.
  @discardableResult
  public func list(
    _ request: DumpRequest, each: (Connection) -> Void
  ) throws(ScanProblem) -> [NamespaceGap] {
    try forEachNamespace { (source, _) throws(ScanProblem) in
      try retrying(request, in: source, uptime: nil) { (diagnostics) throws(NetlinkProblem) in
        _ = try diagnostics.dump(request, each: each)
      }
    }
  }

  /// Calls `body` with each namespace and its index.
  ///
  /// - Parameter body: must discard its results for the namespace before it throws.
  /// - Returns: the namespaces for which it threw.
  /// - Throws: if it threw for all namespaces.
  func forEachNamespace(
    _ body: (NamespaceSource, UInt16) throws(ScanProblem) -> Void
  ) throws(ScanProblem) -> [NamespaceGap] {
    var gaps: [NamespaceGap] = []
    for (index, source) in sources.enumerated() {
      do throws(ScanProblem) {
        guard let number = UInt16(exactly: index) else {
          throw .cannotList(nil, .cannotEnter(.tooManyOpenFiles))
        }
        try body(source, number)
      } catch {
        gaps.append(NamespaceGap(namespace: source.namespace, problem: error))
      }
    }
    if let first = gaps.first, gaps.count == sources.count { throw first.problem }
    return gaps
  }

  /// Finds the owners of `rows` and builds the snapshot.
  func snapshot(
    of rows: consuming CollectedRows, for request: ScanRequest, at moment: ScanMoment,
    gaps: [NamespaceGap], walk: consuming OwnerWalk?
  ) throws(ScanProblem) -> Snapshot {
    rows.end()
    let owners = try findOwners(of: rows, for: request, walk: walk)
    var candidates = Snapshot(
      moment: moment, connections: rows.candidates, undecided: rows.undecided, listed: rows.listed,
      isPrunedByKernel: rows.isPrunedByKernel, listeners: rows.listeners, owners: owners,
      unreadable: unreadable(in: owners), namespaces: sources.map(\.namespace),
      namespaceGaps: gaps, past: request.past)
    candidates = resolvingControlGroups(of: candidates, for: request)
    return request.selection.needsOwners ? candidates.deciding(request) : candidates
  }

  /// The same snapshot with cgroups for connections without a known owner, if `request` needs them.
  func resolvingControlGroups(of snapshot: Snapshot, for request: ScanRequest) -> Snapshot {
    guard request.details.contains(.controlGroups), let controlGroups = controlGroups() else {
      return snapshot
    }
    return snapshot.resolving(controlGroups)
  }

  /// Starts to search for owners in parallel with the dump.
  ///
  /// Nil on failure; the search after the dump then reports the error.
  private func startWalk(for request: ScanRequest) -> OwnerWalk? {
    try? processes.startFindingOwners(
      among: request.pruning, reading: request.details.ofOwners, threads: threads)
  }

  /// Lists the connections for `request` in one namespace.
  private func collect(
    _ request: ScanRequest, from source: NamespaceSource, uptime: UInt64?,
    into rows: inout CollectedRows, walk: inout OwnerWalk?
  ) throws(ScanProblem) {
    let needsOwners = request.details.contains(.ownerNames)
    let plans = request.dumps
    for plan in plans where plan.request == nil { rows.skip(plan) }
    for dump in ScanRequest.requests(for: plans) {
      if request.selection.needsAutobound {
        rows.know(autobound: try autobound(like: dump, from: source, uptime: uptime))
      }
      try collect(dump, from: source, uptime: uptime, into: &rows) { rows, row in
        rows.add(row)
        if needsOwners, rows.heldCount == Self.walkThreshold, walk == nil {
          walk = startWalk(for: request)
        }
      }
    }
    if request.details.contains(.listeners) {
      try collectListeners(of: rows.familiesWithoutListeners, from: source, uptime, into: &rows)
    } else if needsOwners {
      try collectListeners(of: rows.familiesLackingListeners, from: source, uptime, into: &rows)
    }
  }

  /// The sockets in `dump` whose port the kernel chose; nil if this kernel does not report that.
  private func autobound(
    like dump: DumpRequest, from source: NamespaceSource, uptime: UInt64?
  ) throws(ScanProblem) -> Set<SocketCookie>? {
    let request = DumpRequest(
      families: dump.families, states: dump.states, details: [],
      bytecode: InetDiagBytecode(.autobound))
    var cookies: Set<SocketCookie>?
    try retrying(request, in: source, uptime: uptime) { (diagnostics) throws(NetlinkProblem) in
      var listed: Set<SocketCookie> = []
      let taken = try diagnostics.dump(request) { listed.insert($0.cookie) }
      cookies = taken.bytecode == request.bytecode ? listed : nil
    }
    return cookies
  }

  /// Performs `dump` and passes each row to `take`.
  private func collect(
    _ dump: DumpRequest, from source: NamespaceSource, uptime: UInt64?,
    into rows: inout CollectedRows, take: (inout CollectedRows, Connection) -> Void
  ) throws(ScanProblem) {
    let before = rows.mark
    try retrying(dump, in: source, uptime: uptime) { (diagnostics) throws(NetlinkProblem) in
      do throws(NetlinkProblem) {
        rows.finish(try diagnostics.dump(dump) { take(&rows, $0) })
      } catch {
        rows.rewind(to: before)
        throw error
      }
    }
  }

  /// Performs `dump` with `body`, and retries after temporary failures.
  ///
  /// - Parameter body: must discard the results of an earlier call.
  func retrying(
    _ dump: DumpRequest, in source: NamespaceSource, uptime: UInt64?,
    _ body: (inout TCPDiagnostics) throws(NetlinkProblem) -> Void
  ) throws(ScanProblem) {
    for attempt in 1...Self.attempts {
      do throws(NetlinkProblem) {
        var diagnostics = TCPDiagnostics(over: try source.openTransport(), uptime: uptime)
        return try body(&diagnostics)
      } catch {
        guard error.isTransient, attempt < Self.attempts else {
          throw .cannotList(dump.onlyFamily, error)
        }
      }
    }
  }

  /// Lists the listeners of `families`, whose owners also own the connections in accept queues.
  private func collectListeners(
    of families: [AddressFamily], from source: NamespaceSource, _ uptime: UInt64?,
    into rows: inout CollectedRows
  ) throws(ScanProblem) {
    guard let families = DumpRequest.Families(families) else { return }
    let dump = DumpRequest(families: families, states: TCPState.listen.asSet, details: [])
    do throws(ScanProblem) {
      try collect(dump, from: source, uptime: uptime, into: &rows) { $0.addListener($1) }
    } catch {
      // A recording made without owners has no listeners; accept queues then stay unknown.
      guard error == .cannotList(dump.onlyFamily, .notRecorded) else { throw error }
    }
  }

  private func findOwners(
    of rows: CollectedRows, for request: ScanRequest, walk: consuming OwnerWalk?
  ) throws(ScanProblem) -> OwnerTable? {
    guard request.details.contains(.ownerNames), !rows.candidates.isEmpty else { return nil }
    var wanted = InodeSet()
    var hasWaiting = false
    for row in rows.candidates {
      wanted.insert(row.inode)
      if row.ownerless == .inAcceptQueue { hasWaiting = true }
    }
    if hasWaiting { for listener in rows.listeners { wanted.insert(listener.inode) } }
    do {
      guard let walk = walk.take() else {
        return try processes.findOwners(
          of: wanted, among: request.pruning, reading: request.details.ofOwners, threads: threads)
      }
      return try walk.finish(wanted: consume wanted)
    } catch {
      throw .cannotReadProcesses(error)
    }
  }
}

extension Scanner {
  /// The processes with unreadable descriptors in `owners`; their command names are readable.
  func unreadable(in owners: OwnerTable?) -> [OwnerProcess] {
    Set((owners?.gaps ?? []).map(\.pid)).sorted().map { pid in
      let process = try? processes.process(pid, reading: .all)
      return OwnerProcess(
        identity: process?.identity ?? ProcessIdentity(pid: pid, startTicks: nil),
        name: process?.name, executable: process?.executable ?? process?.name,
        program: process?.program, command: process?.command, userID: process?.userID,
        controlGroup: process?.controlGroup)
    }
  }
}

extension ScanRequest {
  /// Whether it reads owners and selects all established connections, which nearly every machine
  /// has.
  fileprivate var surelyNeedsOwners: Bool {
    details.contains(.ownerNames) && selection.predicate.selectsAll(in: .established)
  }

  /// The processes to read.
  fileprivate var pruning: ProcessPruning {
    guard let ownerConditions else { return .everyProcess }
    if let pids = ownerConditions.pids { return ProcessPruning(pids: pids) }
    return ProcessPruning(
      knowing: ownerConditions.needsCommands ? [.program, .command] : .program
    ) { ownerConditions.admit($0) }
  }
}

extension Snapshot {
  /// The same snapshot with cgroups from `tree` for connections without a known owner.
  fileprivate func resolving(_ tree: ControlGroupTree) -> Snapshot {
    var ids: Set<UInt64> = []
    for connection in connections where controlGroup(of: connection) == nil {
      if let id = connection.cgroupID { ids.insert(id) }
    }
    var copy = self
    copy.controlGroups = tree.controlGroups(ids)
    return copy
  }

  /// Evaluates the selection again now that owners are known, and keeps the selected connections.
  fileprivate func deciding(_ request: ScanRequest) -> Snapshot {
    var copy = self
    copy.connections = []
    let isConclusive = request.ownerConditions != nil
    for connection in connections {
      switch request.selection.verdict(
        of: connection, owners: ownerFacts(of: connection, isConclusive: isConclusive),
        past: past.past(of: connection)
      ) {
      case .yes: copy.connections.append(connection)
      case .unknown where request.keepsUndecided: copy.connections.append(connection)
      case .unknown:
        copy.undecided += 1
        if lacksOwner(of: connection, for: request.selection, isConclusive: isConclusive) {
          copy.undecidedByOwner += 1
        }
      case .no: break
      }
    }
    return copy
  }
}
