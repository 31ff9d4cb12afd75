import Connections
import Netlink
import ProcessTable
import Scanning
import Selection
import SystemPackage
import TestSupport
import Testing

@Suite struct ListenerSurveyTests {
  private let moment = ScanMoment(
    bootID: "b", networkNamespace: 7, uptime: 1 << 40, kernelRelease: "6.18")
  private let listening = SelectionPredicate.term(.states(TCPState.listen.asSet))

  private func survey(
    _ kernel: FakeKernel, _ predicate: SelectionPredicate? = nil,
    reading details: ScanRequest.Details = [], tree: ProcTree = ProcTree()
  ) throws -> ListenerSurvey {
    tree.process(9999, name: "bystander")
    let scanner = Scanner(processes: tree.files, threads: 1) { kernel.open() }
    return try scanner.surveyListeners(
      ScanRequest(.all([listening, predicate ?? .everything]), reading: details), at: moment)
  }

  private static func listener(
    _ cookie: UInt64, port: UInt16, address: [UInt8] = [0, 0, 0, 0]
  ) -> FakeSocket {
    FakeSocket(cookie: cookie, inode: UInt32(cookie)) {
      $0.state = 10
      $0.localPort = port
      $0.local = address
      $0.family = address.count == 4 ? 2 : 10
      $0.peer = [UInt8](repeating: 0, count: address.count)
      $0.peerPort = 0
      $0.receiveQueue = 3
      $0.sendQueue = 128
    }
  }

  private static func accepted(
    _ cookie: UInt64, port: UInt16, state: UInt8 = 1, address: [UInt8] = [127, 0, 0, 1]
  ) -> FakeSocket {
    FakeSocket(cookie: cookie, inode: UInt32(cookie)) {
      $0.localPort = port
      $0.state = state
      $0.local = address
      $0.peer = address
      $0.family = address.count == 4 ? 2 : 10
    }
  }

  private func totals(_ survey: ListenerSurvey) -> [Int?] {
    survey.snapshot.connections.map { survey.connections(of: $0)?.total }
  }

  @Test func connectionsAreCountedByStateAndListener() throws {
    let survey = try survey(
      FakeKernel([
        Self.listener(1, port: 80), Self.listener(2, port: 443), Self.accepted(10, port: 80),
        Self.accepted(11, port: 80, state: 8), Self.accepted(12, port: 80, state: 3),
        Self.accepted(13, port: 50_000),
      ]))
    #expect(survey.snapshot.connections.map(\.identity.localPort) == [80, 443])
    #expect(totals(survey) == [3, 0])
    let counts = try #require(survey.connections(of: survey.snapshot.connections[0]))
    #expect(counts[.established] == 1 && counts[.closeWait] == 1 && counts[.synReceived] == 1)
  }

  @Test func surveyOfASnapshotEqualsSurveyOfADump() throws {
    let kernel = FakeKernel([
      Self.listener(1, port: 80), Self.listener(2, port: 443),
      Self.listener(3, port: 80, address: [127, 0, 0, 1]), Self.accepted(10, port: 80),
      Self.accepted(11, port: 80, state: 8), Self.accepted(12, port: 443, state: 3),
      Self.accepted(13, port: 50_000), Self.listener(4, port: 443),
    ])
    let tree = ProcTree()
    tree.process(100, name: "java", links: [3: "socket:[1]"])
    let direct = try survey(kernel, reading: .owners, tree: tree)
    let scanner = Scanner(processes: tree.files, threads: 1) { kernel.open() }
    let derived = ListenerSurvey(
      ofEverySocket: try scanner.scan(
        ScanRequest(.everything, reading: [.owners, .listeners]), at: moment))
    #expect(derived.snapshot.connections.map(\.cookie) == direct.snapshot.connections.map(\.cookie))
    #expect(totals(derived).count == 4 && totals(derived).contains(2))
    for listener in derived.snapshot.connections where listener.cookie.rawValue < 4 {
      #expect(derived.connections(of: listener) == direct.connections(of: listener))
      #expect(derived.sharers(of: listener) == direct.sharers(of: listener))
      #expect(derived.snapshot.holders(of: listener) == direct.snapshot.holders(of: listener))
    }
  }

  @Test func connectionsBelongToTheMostSpecificListener() throws {
    let survey = try survey(
      FakeKernel([
        Self.listener(1, port: 80), Self.listener(2, port: 80, address: [10, 0, 0, 5]),
        Self.accepted(10, port: 80), Self.accepted(11, port: 80, address: [10, 0, 0, 5]),
        Self.accepted(12, port: 80, address: [10, 0, 0, 5]),
      ]))
    #expect(totals(survey) == [1, 2])
    #expect(survey.snapshot.connections.allSatisfy { survey.sharers(of: $0) == 1 })
  }

  @Test func familiesAreCountedSeparately() throws {
    let any6 = [UInt8](repeating: 0, count: 16)
    let mapped = [UInt8](repeating: 0, count: 10) + [255, 255, 127, 0, 0, 1]
    let survey = try survey(
      FakeKernel([
        Self.listener(1, port: 80), Self.listener(2, port: 80, address: any6),
        Self.accepted(10, port: 80), Self.accepted(11, port: 80, address: mapped),
        Self.accepted(12, port: 80, address: mapped),
      ]))
    #expect(totals(survey) == [1, 2], "v4-mapped connections belong to the dual-stack listener")
  }

  @Test func listenersThatShareAPortHaveTheTotal() throws {
    let survey = try survey(
      FakeKernel([
        Self.listener(1, port: 80), Self.listener(2, port: 80), Self.accepted(10, port: 80),
        Self.accepted(11, port: 80),
      ]))
    #expect(totals(survey) == [2, 2])
    #expect(survey.snapshot.connections.map { survey.sharers(of: $0) } == [2, 2])
  }

  @Test func lateListenerHasAnUnknownCount() throws {
    let survey = try survey(
      FakeKernel([
        Self.listener(1, port: 443), Self.accepted(10, port: 80), Self.listener(2, port: 80),
        Self.accepted(11, port: 80),
      ]))
    #expect(totals(survey) == [0, nil])
  }

  @Test func selectionAppliesToListenersOnly() throws {
    let kernel = FakeKernel([
      Self.listener(1, port: 80), Self.listener(2, port: 443),
      FakeSocket(cookie: 10, inode: 10) {
        $0.localPort = 80
        $0.userID = 0
      },
    ])
    let survey = try survey(kernel, .all([.term(.port(.local, 80...80)), .term(.user(1000))]))
    #expect(survey.snapshot.connections.count == 1)
    #expect(totals(survey) == [1])
  }

  @Test func onlyOwnersOfListenersAreRead() throws {
    let tree = ProcTree()
    tree.process(100, name: "nginx", links: [3: "socket:[1]", 9: "socket:[10]"])
    let kernel = FakeKernel([Self.listener(1, port: 80), Self.accepted(10, port: 80)])
    let nginx = SelectionPredicate.term(.process(try Glob("nginx")))
    let found = try survey(kernel, nginx, reading: .ownerNames, tree: tree)
    #expect(found.snapshot.holders(of: found.snapshot.connections[0]).map(\.pid) == [100])
    #expect(found.snapshot.owners?.holdings.count == 1)
    #expect(totals(found) == [1])
    let other = SelectionPredicate.term(.process(try Glob("java")))
    #expect(try survey(kernel, other, reading: .ownerNames).snapshot.connections.isEmpty)
  }

  @Test func temporaryFailureIsRetriedWithoutCountingTwice() throws {
    let kernel = FakeKernel([Self.listener(1, port: 80), Self.accepted(10, port: 80)])
    kernel.failDump = { $0 == 1 ? .interrupted : nil }
    let survey = try survey(kernel)
    #expect(survey.snapshot.connections.count == 1)
    #expect(totals(survey) == [1])
    #expect(kernel.dumps == 2 && kernel.dumpRequests.allSatisfy { $0.details == 0 })
  }

  @Test func persistentFailureIsAnError() {
    let kernel = FakeKernel([Self.listener(1, port: 80)])
    kernel.failDump = { _ in .overrun }
    #expect(throws: ScanProblem.cannotList(nil, .overrun)) { try survey(kernel) }
  }

  @Test func namespacesAreCountedSeparately() throws {
    let (ownKernel, blueKernel) = (
      FakeKernel([Self.listener(1, port: 80), Self.accepted(10, port: 80)]),
      FakeKernel([
        Self.listener(2, port: 80), Self.accepted(11, port: 80), Self.accepted(12, port: 80),
      ])
    )
    let blue = ScannedNamespace(inode: 9, name: "blue", isOwn: false)
    let scanner = Scanner(
      processes: ProcTree().files, controlGroups: nil, threads: 1,
      namespaces: [
        NamespaceSource(.own) { () throws(NetlinkProblem) in ownKernel.open() },
        NamespaceSource(blue) { () throws(NetlinkProblem) in blueKernel.open() },
      ])
    let survey = try scanner.surveyListeners(ScanRequest(listening, reading: []), at: moment)
    #expect(totals(survey) == [1, 2])
    #expect(survey.snapshot.namespace(of: survey.snapshot.connections[1]) == blue)
  }
}
