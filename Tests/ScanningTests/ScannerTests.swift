import Connections
import Netlink
import ProcessTable
import Scanning
import Selection
import SystemPackage
import TestSupport
import Testing

@Suite struct ScannerTests {
  private let moment = ScanMoment(
    bootID: "b", networkNamespace: 7, uptime: 1 << 40, kernelRelease: "6.18")

  private func scan(
    _ kernel: FakeKernel, _ predicate: SelectionPredicate = .everything,
    _ details: ScanRequest.Details = [.figures, .owners], keepsUndecided: Bool = false,
    tree: (ProcTree) throws -> Void = { _ in }
  ) throws -> Snapshot {
    let processes = ProcTree()
    processes.process(77, name: "bystander")
    try tree(processes)
    let scanner = Scanner(processes: processes.files, threads: 2) { kernel.open() }
    return try scanner.scan(
      ScanRequest(
        predicate.limitedToDefaultStates(), reading: details, keepsUndecided: keepsUndecided),
      at: moment)
  }

  @Test func findsConnectionsOfBothFamiliesWithTheirOwners() throws {
    let kernel = FakeKernel([
      FakeSocket(cookie: 1, inode: 11),
      FakeSocket(cookie: 2, inode: 12) {
        $0.family = 10
        $0.local = [UInt8](repeating: 0, count: 15) + [1]
        $0.peer = $0.local
      },
    ])
    let snapshot = try scan(kernel) {
      $0.process(100, name: "java", links: [3: "socket:[11]", 4: "socket:[12]"])
      $0.process(90, name: "worker", links: [9: "socket:[12]"])
    }
    #expect(snapshot.connections.map(\.cookie.rawValue) == [1, 2])
    #expect(snapshot.holders(of: snapshot.connections[0]).map(\.pid) == [100])
    #expect(snapshot.holders(of: snapshot.connections[1]).map(\.pid) == [90, 100])
    #expect(snapshot.listed == 2 && snapshot.undecided == 0)
    #expect(snapshot.moment == moment)
  }

  @Test func defaultStatesExcludeListenersAndMinisockets() throws {
    let states: [UInt8] = [1, 3, 6, 8, 10]
    let kernel = FakeKernel(
      states.map { state in FakeSocket(cookie: UInt64(state), inode: 1) { $0.state = state } })
    #expect(try scan(kernel).connections.map(\.state) == [.established, .closeWait])
  }

  @Test func autoboundIsRequestedOnlyIfATermNeedsIt() throws {
    let sockets = [
      FakeSocket(cookie: 1, inode: 11) {
        $0.localPort = 40_000
        $0.isAutobound = true
      },
      FakeSocket(cookie: 2, inode: 12) { $0.localPort = 40_001 },
      FakeSocket(cookie: 3, inode: 13) { $0.localPort = 8080 },
    ]
    let autobound = SelectionPredicate.term(.autobound(within: 32_768...60_999))
    let kernel = FakeKernel(sockets)
    kernel.failDump = { $0 == 1 ? .interrupted : nil }
    let snapshot = try scan(kernel, autobound, [])
    #expect(snapshot.connections.map(\.cookie.rawValue) == [1])
    #expect(snapshot.undecided == 1, "40001 was bound, but is in the ephemeral range")
    #expect(kernel.dumps == 3, "two dumps and one retry")
    #expect(
      try scan(FakeKernel(sockets), .not(autobound), []).connections.map(\.cookie.rawValue) == [3])
    let plain = FakeKernel(sockets)
    _ = try scan(plain, .everything, [])
    #expect(plain.dumps == 1)
  }

  @Test func autoboundIsUnknownIfTheKernelDoesNotReportIt() throws {
    let kernel = FakeKernel([
      FakeSocket(cookie: 1, inode: 11) {
        $0.localPort = 40_000
        $0.isAutobound = true
      }
    ])
    kernel.newestCode = 5
    let snapshot = try scan(kernel, .term(.autobound(within: 32_768...60_999)), [])
    #expect(snapshot.connections.isEmpty && snapshot.undecided == 1)
  }

  @Test func socketListedTwiceIsOneConnection() throws {
    let kernel = FakeKernel([FakeSocket(cookie: 1, inode: 11), FakeSocket(cookie: 1, inode: 11)])
    #expect(try scan(kernel).connections.count == 1)
  }

  @Test func temporaryFailureIsRetriedWithoutCountingTwice() throws {
    let kernel = FakeKernel([FakeSocket(cookie: 1, inode: 11)])
    kernel.failDump = { $0 == 1 ? .overrun : nil }
    let snapshot = try scan(kernel)
    #expect(snapshot.connections.count == 1 && snapshot.listed == 1)
    #expect(kernel.dumps == 2)
  }

  @Test func persistentFailureIsAnError() {
    let kernel = FakeKernel([FakeSocket(cookie: 1, inode: 11)])
    kernel.failDump = { _ in .interrupted }
    #expect(throws: ScanProblem.cannotList(nil, .interrupted)) { try scan(kernel) }
    #expect(kernel.dumps == 4)
  }

  @Test func rejectedDumpIsNotRetried() {
    let kernel = FakeKernel([])
    kernel.failDump = { _ in .refused(.noSuchFileOrDirectory) }
    #expect(throws: ScanProblem.cannotList(nil, .refused(.noSuchFileOrDirectory))) {
      try scan(kernel)
    }
    #expect(kernel.dumps == 2, "both families at once, then one family")
  }

  @Test func undecidedConnectionsAreCountedButNotSelected() throws {
    let kernel = FakeKernel([
      FakeSocket(cookie: 1, inode: 11) { $0.info = nil },
      FakeSocket(cookie: 2, inode: 12) { $0.info = .idle(10_000) },
    ])
    let idle = SelectionPredicate.term(.idle(atLeast: 5000))
    let snapshot = try scan(kernel, idle)
    #expect(snapshot.connections.map(\.cookie.rawValue) == [2])
    #expect(snapshot.undecided == 1)
    let all = try scan(kernel, idle, keepsUndecided: true)
    #expect(all.connections.count == 2)
  }

  @Test func ownerTermSelectsOnlyKnownMatches() throws {
    let kernel = FakeKernel([
      FakeSocket(cookie: 1, inode: 11), FakeSocket(cookie: 2, inode: 12),
      FakeSocket(cookie: 3, inode: 13),
    ])
    func scanned(_ predicate: SelectionPredicate) throws -> Snapshot {
      try scan(kernel, predicate) {
        $0.process(100, name: "java", links: [3: "socket:[11]"])
        $0.process(101, name: "nginx", links: [3: "socket:[12]"])
      }
    }
    let java = SelectionPredicate.term(.process(try Glob("java")))
    let snapshot = try scanned(java)
    #expect(snapshot.connections.map(\.cookie.rawValue) == [1])
    #expect(snapshot.undecided == 1, "no readable process holds the third")
    #expect(try scanned(.not(java)).connections.map(\.cookie.rawValue) == [2])
  }

  @Test func processesAreNotReadWithoutAMatch() throws {
    let scanner = Scanner(
      processes: ProcFileSystem(root: "/nonexistent"), threads: 1
    ) { FakeKernel([]).open() }
    let snapshot = try scanner.scan(ScanRequest(.everything, reading: .owners), at: moment)
    #expect(snapshot.owners == nil)
  }

  @Test func unreadableProcIsAnError() {
    let kernel = FakeKernel([FakeSocket(cookie: 1, inode: 11)])
    let scanner = Scanner(
      processes: ProcFileSystem(root: "/nonexistent"), threads: 1
    ) { kernel.open() }
    #expect {
      try scanner.scan(ScanRequest(.everything, reading: .owners), at: moment)
    } throws: { error in
      if case .cannotReadProcesses = error as? ScanProblem { true } else { false }
    }
  }
}

@Suite struct AttributionTests {
  private func attribution(
    of socket: FakeSocket, listeners: [FakeSocket] = [], tree: (ProcTree) throws -> Void = { _ in }
  ) throws -> (Attribution, Snapshot) {
    let processes = ProcTree()
    processes.process(77, name: "bystander")
    try tree(processes)
    let kernel = FakeKernel([socket] + listeners)
    let scanner = Scanner(processes: processes.files, threads: 1) { kernel.open() }
    let snapshot = try scanner.scan(
      ScanRequest(
        .term(.states(TCPStateSet.all.subtracting(TCPState.listen.asSet))), reading: .owners),
      at: ScanMoment(bootID: nil, networkNamespace: nil, uptime: nil, kernelRelease: nil))
    let connection = try #require(snapshot.connections.first)
    return (snapshot.attribution(of: connection), snapshot)
  }

  private func waiting(_ change: (inout FakeSocket) -> Void = { _ in }) -> FakeSocket {
    FakeSocket(cookie: 1, inode: 0, change)
  }

  private func listener(
    _ cookie: UInt64, _ inode: UInt32, address: [UInt8] = [0, 0, 0, 0], port: UInt16 = 8080
  ) -> FakeSocket {
    FakeSocket(cookie: cookie, inode: inode) {
      $0.state = 10
      $0.family = address.count == 4 ? 2 : 10
      $0.local = address
      $0.peer = [UInt8](repeating: 0, count: address.count)
      $0.localPort = port
      $0.peerPort = 0
    }
  }

  @Test func unacceptedConnectionBelongsToItsListener() throws {
    let (found, snapshot) = try attribution(
      of: waiting(), listeners: [listener(5, 50), listener(6, 60, port: 8081)]
    ) { $0.process(100, name: "java", links: [7: "socket:[50]"]) }
    guard case .inAcceptQueue(let listeners, let holdings) = found else {
      Issue.record("\(found)")
      return
    }
    #expect(listeners.map(\.cookie.rawValue) == [5])
    #expect(holdings.map { snapshot.owners?.process(of: $0).pid } == [100])
    #expect(snapshot.holders(of: snapshot.connections[0]).isEmpty, "no process holds it")
  }

  @Test func listenerOnTheAddressPrecedesTheWildcardListener() throws {
    let (found, _) = try attribution(
      of: waiting(), listeners: [listener(5, 50), listener(6, 60, address: [127, 0, 0, 1])])
    guard case .inAcceptQueue(let listeners, _) = found else {
      Issue.record("\(found)")
      return
    }
    #expect(listeners.map(\.cookie.rawValue) == [6])
  }

  @Test func ownerIsAmbiguousIfListenersShareThePort() throws {
    let (_, snapshot) = try attribution(
      of: waiting(), listeners: [listener(5, 50), listener(6, 60)]
    ) {
      $0.process(100, name: "java", links: [7: "socket:[50]"])
      $0.process(101, name: "java", links: [7: "socket:[60]"])
    }
    let facts = snapshot.ownerFacts(of: snapshot.connections[0])
    #expect(facts.anyOwner { Verdict($0.name == "nginx") } == .unknown)
    #expect(facts.anyOwner { Verdict($0.name == "java") } == .yes)
  }

  @Test func mappedConnectionBelongsToTheDualStackListener() throws {
    let mapped = [UInt8](repeating: 0, count: 10) + [0xff, 0xff, 127, 0, 0, 1]
    let (found, _) = try attribution(
      of: waiting {
        $0.family = 10
        $0.local = mapped
        $0.peer = mapped
      },
      listeners: [
        listener(5, 50), listener(6, 60, address: [UInt8](repeating: 0, count: 16)),
      ])
    guard case .inAcceptQueue(let listeners, _) = found else {
      Issue.record("\(found)")
      return
    }
    #expect(listeners.map(\.cookie.rawValue) == [6])
  }

  @Test(arguments: [4, 5, 9, 11] as [UInt8])
  func connectionClosedByItsProgramIsAnOrphan(state: UInt8) throws {
    let (found, _) = try attribution(of: waiting { $0.state = state })
    #expect("\(found)" == "orphan")
  }

  @Test(arguments: [3, 6] as [UInt8])
  func minisocketBelongsToTheKernel(state: UInt8) throws {
    let (found, _) = try attribution(of: waiting { $0.state = state })
    #expect("\(found)" == "minisocket")
  }

  @Test func socketWithoutAKnownHolderIsUnknownNotOrphaned() throws {
    let (found, _) = try attribution(of: FakeSocket(cookie: 1, inode: 99)) {
      $0.process(100, name: "java", links: [3: "socket:[11]"])
    }
    #expect("\(found)" == "unknown")
  }

  @Test func unreadableProcessMattersOnlyIfItCouldMatch() throws {
    let (_, snapshot) = try attribution(of: FakeSocket(cookie: 1, inode: 11)) {
      $0.process(100, name: "java", links: [3: "socket:[11]"])
      $0.process(unreadable: 1, name: "init")
    }
    let facts = snapshot.ownerFacts(of: snapshot.connections[0])
    #expect(snapshot.unreadable.map(\.pid) == [1])
    #expect(facts.anyOwner { Verdict($0.name == "sshd") } == .no)
    #expect(facts.anyOwner { Verdict($0.name == "init") } == .unknown)
    #expect(facts.anyOwner { Verdict($0.name == "java") } == .yes)
  }
}
