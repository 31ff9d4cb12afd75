import Connections
import Netlink
import ProcessTable
import Selection
import SocketDiagnostics
import Threads

extension Scanner {
  /// Counts the connections that `request` selects without storing them.
  ///
  /// A dump is not atomic: a socket that moves in the kernel's table during the dump may be counted
  /// twice. Detecting that would take a set of all cookies and more time than the dump itself.
  ///
  /// - Throws: if no namespace could be listed; if only some could not, these are gaps.
  public func tally(
    _ request: ScanRequest, at moment: ScanMoment
  ) throws(ScanProblem) -> Tally {
    guard !request.selection.needsOwners, !request.selection.needsAutobound else {
      return Tally(try scan(request, at: moment))
    }
    var tally = Tally()
    let gaps = try forEachNamespace { (source, _) throws(ScanProblem) in
      tally += try count(request, in: source, uptime: moment.uptime)
    }
    tally.namespaceGaps = gaps
    return tally
  }

  private func count(
    _ request: ScanRequest, in source: NamespaceSource, uptime: UInt64?
  ) throws(ScanProblem) -> Tally {
    var tally = Tally()
    for dump in ScanRequest.requests(for: request.dumps) {
      if let halves = countHalves(of: dump, for: request, in: source, uptime: uptime) {
        tally += halves
        continue
      }
      var counted = Tally()
      try retrying(dump, in: source, uptime: uptime) { (diagnostics) throws(NetlinkProblem) in
        counted = try request.count(dump, over: &diagnostics).tally
      }
      tally += counted
    }
    return tally
  }

  /// Counts the sockets of `dump` in two concurrent dumps, each with about half of them.
  ///
  /// The kernel produces a dump on the core of its reader, so two readers are faster. Nil if that
  /// is not worthwhile or failed. The caller then uses a single dump.
  private func countHalves(
    of dump: DumpRequest, for request: ScanRequest, in source: NamespaceSource, uptime: UInt64?
  ) -> Tally? {
    guard let splitPort, threads > 1, let halves = dump.halves(at: splitPort),
      let transports = try? (source.openTransport(), source.openTransport())
    else { return nil }
    let jobs = [
      CountingJob(halves.low, for: request, over: transports.0, uptime: uptime),
      CountingJob(halves.high, for: request, over: transports.1, uptime: uptime),
    ]
    let slots = WorkerSlots(jobs.count)
    ParallelWork.run(threads: jobs.count) {
      while let index = slots.take() { jobs[index].run() }
    }
    // Nil if the kernel accepted only a weaker program, which lists more than half.
    guard let low = jobs[0].counted, let high = jobs[1].counted else { return nil }
    return low + high
  }
}

/// One half of a count, run on its own thread.
///
/// `@unchecked Sendable`: only the thread that runs it uses its contents. The result is read after
/// the thread has ended.
private final class CountingJob: @unchecked Sendable {
  private let dump: DumpRequest
  private let request: ScanRequest
  private var diagnostics: TCPDiagnostics
  /// The counts; nil if the dump failed or the kernel did not accept the request unchanged.
  private(set) var counted: Tally?

  init(
    _ dump: DumpRequest, for request: ScanRequest, over transport: any NetlinkTransport,
    uptime: UInt64?
  ) {
    (self.dump, self.request) = (dump, request)
    diagnostics = TCPDiagnostics(over: transport, uptime: uptime)
  }

  func run() {
    guard let answer = try? request.count(dump, over: &diagnostics), answer.taken == dump
    else { return }
    counted = answer.tally
  }
}

extension ScanRequest {
  /// Counts the selected sockets of `dump`; `taken` is the request that the kernel accepted.
  fileprivate func count(
    _ dump: DumpRequest, over diagnostics: inout TCPDiagnostics
  ) throws(NetlinkProblem) -> (tally: Tally, taken: DumpRequest) {
    var tally = Tally()
    let taken: DumpRequest
    if selection.stateMask.states.allSatisfy(selection.predicate.selectsAll) {
      taken = try diagnostics.dumpStates(dump) { family, state in
        if dump.states.contains(state) { tally.add(state, of: family) }
      }
    } else {
      taken = try diagnostics.dump(dump) { tally.add($0, if: selection, knowing: past) }
    }
    return (tally, taken)
  }
}

extension DumpRequest {
  /// Two requests that together list each socket once: sockets with both ports below `port`, and
  /// all others.
  ///
  /// Nil if the request already has a program, which the kernel may not accept, or does not list
  /// established connections and is therefore small.
  fileprivate func halves(at port: UInt16) -> (low: DumpRequest, high: DumpRequest)? {
    guard bytecode == nil, port > 0, states.contains(.established),
      let low = InetDiagBytecode(.all([.port(.local, 0...port - 1), .port(.peer, 0...port - 1)])),
      let high = InetDiagBytecode(
        .any([.port(.local, port ... .max), .port(.peer, port ... .max)]))
    else { return nil }
    func half(_ bytecode: InetDiagBytecode) -> DumpRequest {
      DumpRequest(families: families, states: states, details: details, bytecode: bytecode)
    }
    return (half(low), half(high))
  }
}

extension Tally {
  /// Counts `row` if it is selected.
  fileprivate mutating func add(
    _ row: Connection, if selection: PreparedSelection, knowing past: PastConnections
  ) {
    switch selection.verdict(of: row, owners: UnknownOwners(), past: past.past(of: row)) {
    case .yes: add(row.state, of: row.identity.family)
    case .unknown: undecided += 1
    case .no: break
    }
  }
}
