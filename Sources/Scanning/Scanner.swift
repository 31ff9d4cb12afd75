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
    var rows = CollectedRows(request)
    for plan in request.dumps {
      guard let dump = plan.request else {
        rows.skip(plan)
        continue
      }
      try collect(dump, uptime: moment.uptime, into: &rows) { $0.add($1) }
    }
    if request.details.contains(.owners) { try collectListeners(uptime: moment.uptime, &rows) }
    let owners = try findOwners(of: rows, for: request)
    let candidates = Snapshot(
      moment: moment, connections: rows.candidates, undecided: rows.undecided, listed: rows.listed,
      isPrunedByKernel: rows.isPrunedByKernel, listeners: rows.listeners, owners: owners,
      unreadable: unreadable(in: owners))
    return request.selection.needsOwners ? candidates.deciding(request) : candidates
  }

  /// Carries out `dump`, again when it failed in passing; each row goes to `take`.
  private func collect(
    _ dump: DumpRequest, uptime: UInt64?, into rows: inout CollectedRows,
    take: (inout CollectedRows, Connection) -> Void
  ) throws(ScanProblem) {
    let before = rows.mark
    for attempt in 1...Self.attempts {
      do throws(NetlinkProblem) {
        var diagnostics = TCPDiagnostics(over: try openTransport(), uptime: uptime)
        let taken = try diagnostics.dump(dump) { take(&rows, $0) }
        rows.finish(taken)
        return
      } catch {
        rows.goBack(to: before)
        guard error.isPassing, attempt < Self.attempts else {
          throw .cannotList(dump.family, error)
        }
      }
    }
  }

  /// Lists the listeners whose accept queues candidates wait in: their owners are the listener's.
  private func collectListeners(
    uptime: UInt64?, _ rows: inout CollectedRows
  ) throws(ScanProblem) {
    for family in rows.familiesLackingListeners {
      let dump = DumpRequest(family: family, states: TCPState.listen.asSet, details: [])
      do throws(ScanProblem) {
        try collect(dump, uptime: uptime, into: &rows) { $0.addListener($1) }
      } catch {
        // A recording that was made without owners: whose queue it is stays unknown.
        guard error == .cannotList(family, .notRecorded) else { throw error }
      }
    }
  }

  private func findOwners(
    of rows: CollectedRows, for request: ScanRequest
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
      isPrunedByKernel: isPrunedByKernel, listeners: listeners, owners: owners,
      unreadable: unreadable)
  }
}
