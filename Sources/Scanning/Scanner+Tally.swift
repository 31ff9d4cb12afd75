import Connections
import Netlink
import ProcessTable
import Selection
import SocketDiagnostics
import Threads

extension Scanner {
  /// Counts what `request` selects, and keeps nothing else of it.
  ///
  /// A dump is no snapshot: a socket that moves in the kernel's table while it is listed may be
  /// counted twice. To tell would take a table of all cookies, and more time than the dump.
  ///
  /// - Throws: when not one namespace could be listed; one of several is a gap.
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
      try repeated(dump, in: source, uptime: uptime) { (diagnostics) throws(NetlinkProblem) in
        counted = try request.count(dump, over: &diagnostics).tally
      }
      tally += counted
    }
    return tally
  }

  /// Counts what `dump` lists in two dumps at once, each of about half of it; nil where that is not
  /// worth it, or has failed, so that it is to be done in one.
  ///
  /// The kernel fills the answer to a dump on the core of the one who reads it.
  private func countHalves(
    of dump: DumpRequest, for request: ScanRequest, in source: NamespaceSource, uptime: UInt64?
  ) -> Tally? {
    guard let halvingPort, threads > 1, let halves = dump.halves(at: halvingPort),
      let transports = try? (source.openTransport(), source.openTransport())
    else { return nil }
    let errands = [
      CountingErrand(halves.one, for: request, over: transports.0, uptime: uptime),
      CountingErrand(halves.other, for: request, over: transports.1, uptime: uptime),
    ]
    let places = WorkPlaces(errands.count)
    ParallelWork.run(threads: errands.count) {
      while let place = places.take() { errands[place].run() }
    }
    // A kernel that took a weaker program has listed more than that half.
    guard let one = errands[0].counted, let other = errands[1].counted else { return nil }
    return one + other
  }
}

/// What a thread counts.
///
/// `@unchecked Sendable`: only the thread that has taken it uses what is in it, from then until it
/// has ended, and only after that somebody reads the result.
private final class CountingErrand: @unchecked Sendable {
  private let dump: DumpRequest
  private let request: ScanRequest
  private var diagnostics: TCPDiagnostics
  /// What the kernel listed; nil unless it took the request as it is.
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
  /// Counts what `dump` lists of the selection; `taken` is the request that the kernel took.
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
  /// Two requests that together list what this one does, each socket once: those with a port from
  /// `port` on, and those with none. Nil where the kernel has a program to run already, which it
  /// may not know, or lists few.
  fileprivate func halves(at port: UInt16) -> (one: DumpRequest, other: DumpRequest)? {
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
    switch selection.verdict(of: row, owners: OwnersUnknown(), past: past.past(of: row)) {
    case .yes: add(row.state, of: row.identity.family)
    case .unknown: undecided += 1
    case .no: break
    }
  }
}
