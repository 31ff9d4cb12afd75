import Connections
public import Netlink
public import ProcessTable
import Selection
import SocketDiagnostics
import SystemPackage

/// Turns a selection into a snapshot: asks the kernel for sockets and `/proc` for their owners.
public struct Scanner {
  private let processes: ProcFileSystem
  private let controlGroups: ControlGroupTree?
  private let threads: Int
  private let sources: [NamespaceSource]

  /// How often a dump is asked for again when it failed in passing.
  private static let attempts = 4

  /// A scanner of the machine that these show.
  ///
  /// - Parameters:
  ///   - controlGroups: where the folders of cgroups are; nil where there are none.
  ///   - openTransport: opens a conversation with the kernel, of the network namespace that is
  ///     looked at.
  public init(
    processes: ProcFileSystem, controlGroups: ControlGroupTree? = nil, threads: Int,
    openTransport: @escaping () throws(NetlinkProblem) -> any NetlinkTransport
  ) {
    self.init(
      processes: processes, controlGroups: controlGroups, threads: threads,
      namespaces: [NamespaceSource(.own, openTransport: openTransport)])
  }

  /// A scanner of several network namespaces.
  public init(
    processes: ProcFileSystem, controlGroups: ControlGroupTree?, threads: Int,
    namespaces: [NamespaceSource]
  ) {
    self.processes = processes
    self.controlGroups = controlGroups
    self.threads = threads
    sources = namespaces
  }

  /// Looks for what `request` asks for.
  ///
  /// - Throws: when not one namespace could be listed; one of several is a gap.
  public func scan(
    _ request: ScanRequest, at moment: ScanMoment
  ) throws(ScanProblem) -> Snapshot {
    var rows = Rows(request)
    var gaps: [NamespaceGap] = []
    for (index, source) in sources.enumerated() {
      let before = rows.mark
      do throws(ScanProblem) {
        guard let number = UInt16(exactly: index) else {
          throw .cannotList(.ipv4, .cannotEnter(.tooManyOpenFiles))
        }
        rows.namespace = number
        for family in AddressFamily.allCases {
          try collect(family, of: source, for: request, uptime: moment.uptime, into: &rows)
        }
      } catch {
        rows.goBack(to: before)
        gaps.append(NamespaceGap(namespace: source.namespace, problem: error))
      }
    }
    if let first = gaps.first, gaps.count == sources.count { throw first.problem }
    let owners = try findOwners(of: rows, for: request)
    var candidates = Snapshot(
      moment: moment, connections: rows.candidates, undecided: rows.undecided, listed: rows.listed,
      listeners: rows.listeners, owners: owners, unreadable: unreadable(in: owners),
      namespaces: sources.map(\.namespace), namespaceGaps: gaps)
    if request.details.contains(.controlGroups), let controlGroups {
      candidates = candidates.knowing(controlGroups)
    }
    return request.selection.needsOwners ? candidates.deciding(request) : candidates
  }

  private func collect(
    _ family: AddressFamily, of source: NamespaceSource, for request: ScanRequest, uptime: UInt64?,
    into rows: inout Rows
  ) throws(ScanProblem) {
    let before = rows.mark
    var states = request.selection.stateMask
    if request.details.contains(.owners), states.mayBeInAcceptQueue { states.formUnion(.listening) }
    let dump = DumpRequest(family: family, states: states, details: request.dumpDetails)
    for attempt in 1...Self.attempts {
      do throws(NetlinkProblem) {
        var diagnostics = TCPDiagnostics(over: try source.openTransport(), uptime: uptime)
        try diagnostics.dump(dump) { rows.add($0) }
        return
      } catch {
        rows.goBack(to: before)
        guard error.isPassing, attempt < Self.attempts else { throw .cannotList(family, error) }
      }
    }
  }

  private func findOwners(
    of rows: Rows, for request: ScanRequest
  ) throws(ScanProblem) -> OwnerTable? {
    guard request.details.contains(.owners), !rows.candidates.isEmpty else { return nil }
    var wanted: [UInt32] = []
    var hasWaiting = false
    for row in rows.candidates {
      if row.inode != 0 { wanted.append(row.inode) }
      if row.ownerless == .inAcceptQueue { hasWaiting = true }
    }
    if hasWaiting { wanted.append(contentsOf: rows.listeners.map(\.inode)) }
    do {
      return try processes.findOwners(of: InodeSet(wanted), threads: threads)
    } catch {
      throw .cannotReadProcesses(error)
    }
  }
}

extension Scanner {
  /// What can be known of the processes in the gaps of `owners`: the command name of any process
  /// may be read.
  private func unreadable(in owners: OwnerTable?) -> [OwnerProcess] {
    Set((owners?.gaps ?? []).map(\.pid)).sorted().map { pid in
      let process = try? processes.process(pid)
      return OwnerProcess(
        identity: process?.identity ?? ProcessIdentity(pid: pid, startTicks: nil),
        name: process?.name, executable: process?.executable ?? process?.name,
        userID: process?.userID, controlGroup: process?.controlGroup)
    }
  }
}

extension Snapshot {
  /// The same snapshot with the cgroups that no owner tells, as far as `tree` has them.
  fileprivate func knowing(_ tree: ControlGroupTree) -> Snapshot {
    var ids: Set<UInt64> = []
    for connection in connections where controlGroup(of: connection) == nil {
      if let id = connection.cgroupID { ids.insert(id) }
    }
    return Snapshot(
      moment: moment, connections: connections, undecided: undecided, listed: listed,
      listeners: listeners, owners: owners, unreadable: unreadable,
      controlGroups: tree.controlGroups(ids), namespaces: namespaces, namespaceGaps: namespaceGaps)
  }

  /// The snapshot of the candidates that are selected indeed, now that their owners are known.
  fileprivate func deciding(_ request: ScanRequest) -> Snapshot {
    var selected: [Connection] = []
    var undecided = undecided
    for connection in connections {
      switch request.selection.verdict(of: connection, owners: ownerFacts(of: connection)) {
      case .yes: selected.append(connection)
      case .unknown where request.keepsUndecided: selected.append(connection)
      case .unknown: undecided += 1
      case .no: break
      }
    }
    return Snapshot(
      moment: moment, connections: selected, undecided: undecided, listed: listed,
      listeners: listeners, owners: owners, unreadable: unreadable, controlGroups: controlGroups,
      namespaces: namespaces, namespaceGaps: namespaceGaps)
  }
}

/// The rows of a dump that can matter: what is certainly not selected is dropped as it comes.
private struct Rows {
  private let selection: PreparedSelection
  private let keepsUndecided: Bool
  private(set) var candidates: [Connection] = []
  private(set) var listeners: [Connection] = []
  private(set) var listed = 0
  private(set) var undecided = 0
  private var seen: Set<SocketCookie> = []
  /// The index of the namespace that the next rows are of.
  var namespace: UInt16 = 0

  init(_ request: ScanRequest) {
    selection = request.selection
    keepsUndecided = request.keepsUndecided || request.selection.needsOwners
  }

  mutating func add(_ row: Connection) {
    var row = row
    row.namespace = namespace
    if row.state == .listen { listeners.append(row) }
    guard selection.stateMask.contains(row.state) else { return }
    listed += 1
    switch selection.verdict(of: row, owners: OwnersUnknown()) {
    case .no: return
    case .unknown where !keepsUndecided: undecided += 1
    case .unknown, .yes: if seen.insert(row.cookie).inserted { candidates.append(row) }
    }
  }

  /// How much there is before a dump that may fail.
  var mark: (candidates: Int, listeners: Int, listed: Int, undecided: Int) {
    (candidates.count, listeners.count, listed, undecided)
  }

  /// Forgets what came after `mark`.
  mutating func goBack(to mark: (candidates: Int, listeners: Int, listed: Int, undecided: Int)) {
    candidates.removeSubrange(mark.candidates...)
    listeners.removeSubrange(mark.listeners...)
    (listed, undecided) = (mark.listed, mark.undecided)
    seen = Set(candidates.map(\.cookie))
  }
}

extension TCPStateSet {
  fileprivate static let listening = TCPState.listen.asSet

  /// Whether a connection that was not accepted yet can be in one of these states.
  fileprivate var mayBeInAcceptQueue: Bool {
    contains(TCPState.established) || contains(TCPState.closeWait)
  }
}

extension ScanRequest {
  fileprivate var dumpDetails: DumpRequest.Details {
    var dumpDetails: DumpRequest.Details = []
    if details.contains(.figures) { dumpDetails.insert(.figures) }
    if details.contains(.congestion) { dumpDetails.insert(.congestion) }
    return dumpDetails
  }
}
