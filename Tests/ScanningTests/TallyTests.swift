import Connections
import Netlink
import ProcessTable
import Scanning
import Selection
import SystemPackage
import TestSupport
import Testing

@Suite struct TallyTests {
  private let moment = ScanMoment(
    bootID: "b", networkNamespace: 7, uptime: 1 << 40, kernelRelease: "6.18")

  private func scanner(_ kernel: FakeKernel, tree: ProcTree? = nil) -> Scanner {
    Scanner(processes: tree?.files ?? ProcFileSystem(root: "/nonexistent"), threads: 1) {
      kernel.open()
    }
  }

  private func request(_ predicate: SelectionPredicate) -> ScanRequest {
    ScanRequest(predicate, reading: [])
  }

  /// A kernel with sockets in every state and both families.
  private static func kernel() -> FakeKernel {
    FakeKernel(
      (1...11).flatMap { state -> [FakeSocket] in
        (0..<state).map { number in
          FakeSocket(cookie: UInt64(state) << 8 | UInt64(number + 1), inode: 1) {
            $0.state = state
            $0.localPort = 8000 + UInt16(number)
            if number.isMultiple(of: 3) {
              $0.family = 10
              $0.local = [UInt8](repeating: 0, count: 15) + [1]
              $0.peer = $0.local
            }
          }
        }
      })
  }

  @Test func socketsInEveryStateAreCounted() throws {
    let kernel = Self.kernel()
    let tally = try scanner(kernel).tally(request(.everything), at: moment)
    for state in TCPStateSet.all.states { #expect(tally.both[state] == Int(state.rawValue)) }
    #expect(tally.both.total == 66)
    #expect(tally.ipv6.total == kernel.sockets.count { $0.family == 10 })
    #expect(tally.ipv4.total + tally.ipv6.total == 66)
    #expect(tally.undecided == 0)
    #expect(kernel.dumpRequests.map(\.details) == [0], "without tcp_info")
  }

  @Test func rowsAreNotParsedIfTheStateDecides() throws {
    // An impossible cookie makes a row unreadable.
    let kernel = FakeKernel([
      FakeSocket(cookie: .max), FakeSocket(cookie: 0, inode: 1) { $0.state = 8 },
    ])
    let closeWait = SelectionPredicate.term(.states(TCPState.closeWait.asSet))
    #expect(try scanner(kernel).tally(request(.everything), at: moment).both.total == 2)
    #expect(try scanner(kernel).tally(request(closeWait), at: moment).both.total == 1)
    #expect(throws: ScanProblem.self) {
      try scanner(kernel).tally(request(.term(.user(0))), at: moment)
    }
  }

  @Test func statesThatWereNotRequestedAreIgnored() throws {
    let rows = [1, 8].map { state in
      WireBytes.message(
        type: 20, payload: FakeSocket(cookie: 1, inode: 1) { $0.state = state }.row)
    }
    let scanner = Scanner(processes: ProcFileSystem(root: "/nonexistent"), threads: 1) {
      ScriptedTransport(rows[0] + rows[1], WireBytes.done())
    }
    let tally = try scanner.tally(
      request(.term(.states(TCPState.closeWait.asSet))), at: moment)
    #expect(tally.both.total == 1)
    #expect(tally.both[.established] == 0)
  }

  @Test func tallyEqualsScan() throws {
    let selections: [SelectionPredicate] = [
      .everything, .term(.states(.connected)), .term(.port(.local, 8001...8003)),
      .term(.family(.ipv6)), .not(.term(.states(TCPState.established.asSet))),
      .all([.term(.states(.big)), .term(.port(.local, 8000...8000))]),
      .any([.term(.states(TCPState.listen.asSet)), .term(.user(1000))]),
      .term(.idle(atLeast: 1)), .any([]),
    ]
    for selection in selections {
      let kernel = Self.kernel()
      let scanned = try scanner(kernel).scan(request(selection), at: moment)
      let tally = try scanner(kernel).tally(request(selection), at: moment)
      #expect(tally == Tally(scanned), "\(selection)")
    }
  }

  @Test func undecidedConnectionsAreCountedSeparately() throws {
    let kernel = FakeKernel([
      FakeSocket(cookie: 1, inode: 1) { $0.info = nil },
      FakeSocket(cookie: 2, inode: 1) { $0.info = .idle(10_000) },
    ])
    let tally = try scanner(kernel).tally(request(.term(.idle(atLeast: 5000))), at: moment)
    #expect(tally.both.total == 1 && tally.undecided == 1)
  }

  @Test func ownerTermsUseOwners() throws {
    let tree = ProcTree()
    tree.process(100, name: "java", links: [3: "socket:[11]"])
    tree.process(101, name: "nginx", links: [3: "socket:[12]"])
    let kernel = FakeKernel([
      FakeSocket(cookie: 1, inode: 11), FakeSocket(cookie: 2, inode: 12),
      FakeSocket(cookie: 3, inode: 13),
    ])
    let tally = try scanner(kernel, tree: tree).tally(
      request(.term(.process(try Glob("java")))), at: moment)
    #expect(tally.both.total == 1 && tally.undecided == 1)
  }

  @Test func temporaryFailureIsRetriedWithoutCountingTwice() throws {
    let kernel = FakeKernel([FakeSocket(cookie: 1)])
    kernel.failDump = { $0 == 1 ? .overrun : nil }
    #expect(try scanner(kernel).tally(request(.everything), at: moment).both.total == 1)
    #expect(kernel.dumps == 2)
  }

  @Test func persistentFailureIsAnError() {
    let kernel = FakeKernel([FakeSocket(cookie: 1)])
    kernel.failDump = { _ in .interrupted }
    #expect(throws: ScanProblem.cannotList(nil, .interrupted)) {
      try scanner(kernel).tally(request(.everything), at: moment)
    }
  }

  @Test func inaccessibleNamespaceIsAGap() throws {
    let kernel = FakeKernel([FakeSocket(cookie: 1)])
    let locked = ScannedNamespace(inode: 9, name: "locked", isOwn: false)
    let scanner = Scanner(
      processes: ProcFileSystem(root: "/nonexistent"), controlGroups: nil, threads: 1,
      namespaces: [
        NamespaceSource(.own) { () throws(NetlinkProblem) in kernel.open() },
        NamespaceSource(locked) { () throws(NetlinkProblem) in throw .cannotEnter(.notPermitted) },
      ])
    let tally = try scanner.tally(request(.everything), at: moment)
    #expect(tally.both.total == 1)
    #expect(tally.namespaceGaps.map(\.namespace) == [locked])
  }

  @Test func requestedListenersAreListedForAnySelection() throws {
    let kernel = FakeKernel([
      FakeSocket(cookie: 1, inode: 11) { $0.peerPort = 40_000 },
      FakeSocket(cookie: 2, inode: 12) { $0.localPort = 50_000 },
      FakeSocket(cookie: 3, inode: 13) {
        $0.state = 10
        $0.local = [0, 0, 0, 0]
      },
    ])
    let established = SelectionPredicate.term(.states(TCPState.established.asSet))
    let snapshot = try scanner(kernel).scan(
      ScanRequest(established, reading: .listeners), at: moment)
    #expect(snapshot.connections.map { snapshot.listeners(for: $0).count } == [1, 0])
    let without = try scanner(kernel).scan(ScanRequest(established, reading: []), at: moment)
    #expect(without.listeners.isEmpty)
  }
}
