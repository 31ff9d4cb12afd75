import Connections
public import Netlink
public import ProcessTable
import Selection
import SocketDiagnostics

/// Turns a selection into a snapshot: asks the kernel for sockets and `/proc` for their owners.
public struct Scanner {
  private let processes: ProcFileSystem
  private let threads: Int
  private let openTransport: () throws(NetlinkProblem) -> any NetlinkTransport

  /// How often a dump is asked for again when it failed in passing.
  private static let attempts = 4

  /// From how many connections with an owner on, owners are looked for while the kernel still
  /// lists: fewer are listed before a walk is worth its while.
  private static let manyHeld = 16_384

  /// A scanner of the machine that these show.
  ///
  /// - Parameter openTransport: opens a conversation with the kernel, of the network namespace
  ///   that is looked at.
  public init(
    processes: ProcFileSystem, threads: Int,
    openTransport: @escaping () throws(NetlinkProblem) -> any NetlinkTransport
  ) {
    self.processes = processes
    self.threads = threads
    self.openTransport = openTransport
  }

  /// Looks for what `request` asks for.
  public func scan(
    _ request: ScanRequest, at moment: ScanMoment
  ) throws(ScanProblem) -> Snapshot {
    var rows = Rows(request)
    var walk: OwnerWalk?
    for family in AddressFamily.allCases {
      try collect(family, for: request, uptime: moment.uptime, into: &rows, walk: &walk)
    }
    rows.removeRepeats()
    let owners = try findOwners(of: rows, for: request, walk: walk.take())
    let candidates = Snapshot(
      moment: moment, connections: rows.candidates, undecided: rows.undecided, listed: rows.listed,
      listeners: rows.listeners, owners: owners, unreadable: unreadable(in: owners))
    return request.selection.needsOwners ? candidates.deciding(request) : candidates
  }

  private func collect(
    _ family: AddressFamily, for request: ScanRequest, uptime: UInt64?, into rows: inout Rows,
    walk: inout OwnerWalk?
  ) throws(ScanProblem) {
    let needsOwners = request.details.contains(.owners)
    let before = rows.mark
    var states = request.selection.stateMask
    if needsOwners, states.mayBeInAcceptQueue { states.formUnion(.listening) }
    let dump = DumpRequest(family: family, states: states, details: request.dumpDetails)
    for attempt in 1...Self.attempts {
      do throws(NetlinkProblem) {
        var diagnostics = TCPDiagnostics(over: try openTransport(), uptime: uptime)
        try diagnostics.dump(dump) { row in
          rows.add(row)
          if needsOwners, rows.heldCount == Self.manyHeld, walk == nil {
            // Where it cannot start, the search after the dump says why.
            walk = try? processes.startFindingOwners(threads: threads)
          }
        }
        return
      } catch {
        rows.goBack(to: before)
        guard error.isPassing, attempt < Self.attempts else { throw .cannotList(family, error) }
      }
    }
  }

  private func findOwners(
    of rows: Rows, for request: ScanRequest, walk: consuming OwnerWalk?
  ) throws(ScanProblem) -> OwnerTable? {
    guard request.details.contains(.owners), !rows.candidates.isEmpty else { return nil }
    var wanted = InodeSet(minimumCapacity: rows.heldCount)
    var hasWaiting = false
    for row in rows.candidates {
      wanted.insert(row.inode)
      if row.ownerless == .inAcceptQueue { hasWaiting = true }
    }
    if hasWaiting { for listener in rows.listeners { wanted.insert(listener.inode) } }
    do {
      guard let walk = walk.take() else {
        return try processes.findOwners(of: wanted, threads: threads)
      }
      return try walk.finish(wanted: wanted)
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
        userID: process?.userID)
    }
  }
}

extension Snapshot {
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
      listeners: listeners, owners: owners, unreadable: unreadable)
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
  /// How many of the candidates a process holds, repeated ones counted again.
  private(set) var heldCount = 0

  init(_ request: ScanRequest) {
    selection = request.selection
    keepsUndecided = request.keepsUndecided || request.selection.needsOwners
  }

  mutating func add(_ row: Connection) {
    if row.state == .listen { listeners.append(row) }
    guard selection.stateMask.contains(row.state) else { return }
    listed += 1
    switch selection.verdict(of: row, owners: OwnersUnknown()) {
    case .no: return
    case .unknown where !keepsUndecided: undecided += 1
    case .unknown, .yes:
      candidates.append(row)
      if row.inode != 0 { heldCount += 1 }
    }
  }

  /// Keeps of each socket the first row: a dump may list one twice.
  ///
  /// Sorted cookies tell quickest that, as nearly always, there is no repeated one.
  mutating func removeRepeats() {
    var cookies = candidates.map(\.cookie.rawValue)
    cookies.sort()
    guard zip(cookies, cookies.dropFirst()).contains(where: ==) else { return }
    var seen: Set<SocketCookie> = []
    candidates.removeAll { !seen.insert($0.cookie).inserted }
  }

  /// How much there is before a dump that may fail.
  var mark: Mark {
    Mark(
      candidates: candidates.count, listeners: listeners.count, listed: listed,
      undecided: undecided, heldCount: heldCount)
  }

  /// Forgets what came after `mark`.
  mutating func goBack(to mark: Mark) {
    candidates.removeSubrange(mark.candidates...)
    listeners.removeSubrange(mark.listeners...)
    (listed, undecided, heldCount) = (mark.listed, mark.undecided, mark.heldCount)
  }

  struct Mark {
    let candidates: Int
    let listeners: Int
    let listed: Int
    let undecided: Int
    let heldCount: Int
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
