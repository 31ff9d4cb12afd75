import Connections
import Netlink
import Privileges
import ProcessTable
import Selection
import SystemPackage
import TestSupport
import Testing

@testable import Operations
@testable import Scanning

/// Scans of a source in its examined namespaces.
@Suite struct LiveSystemTests {
  private let everything = ScanRequest(.everything, reading: [])

  private func failure(_ work: () throws -> Void) throws -> CommandFailure {
    try #require(throws: CommandFailure.self) { try work() }
  }

  @Test func everyNamespaceIsScanned() throws {
    let system = FakeSystem.system([
      FakeSystem.namespace(1, FakeKernel([FakeSocket(cookie: 10)])),
      FakeSystem.namespace(2, FakeKernel([FakeSocket(cookie: 20), FakeSocket(cookie: 21)])),
    ])
    let snapshot = try system.scan(everything)
    #expect(snapshot.namespaces == system.namespaces.sources.map(\.namespace))
    #expect(snapshot.connections.map(\.cookie.rawValue) == [10, 20, 21])
    #expect(snapshot.connections.map(\.namespace) == [0, 1, 1])
    let tally = try system.tally(everything)
    #expect(tally.both.total == 3)
  }

  @Test func aNamespaceThatCannotBeEnteredIsAGap() throws {
    let system = FakeSystem.system([
      FakeSystem.namespace(1, FakeKernel([FakeSocket(cookie: 10)])),
      FakeSystem.closedNamespace(2),
    ])
    let snapshot = try system.scan(everything)
    #expect(snapshot.connections.map(\.cookie.rawValue) == [10])
    #expect(snapshot.namespaceGaps.map(\.namespace.inode) == [2])
    #expect(try system.tally(everything).namespaceGaps == snapshot.namespaceGaps)
    #expect(try system.surveyListeners(everything).snapshot.namespaceGaps.count == 1)
  }

  @Test func aKernelWithoutTCPDiagnosticsIsUnavailable() throws {
    let kernel = FakeKernel([])
    kernel.failDump = { _ in .refused(.noSuchFileOrDirectory) }
    let failure = try failure {
      _ = try FakeSystem.system([FakeSystem.namespace(1, kernel)]).scan(everything)
    }
    #expect(failure.status == .unavailable)
  }

  @Test func problemsOfAScanHaveTheirExitCodes() {
    func status(_ problem: NetlinkProblem) -> Operations.ExitStatus {
      LiveSystem.failure(of: .cannotList(.ipv4, problem)).status
    }
    #expect(status(.notRecorded) == .badData)
    #expect(status(.cannotEnter(.notPermitted)) == .permission)
    #expect(status(.cannotEnter(.permissionDenied)) == .permission)
    #expect(status(.cannotEnter(.noSuchFileOrDirectory)) == .failed)
    #expect(status(.overrun) == .failed)
    let unreadable = LiveSystem.failure(
      of: .cannotReadProcesses(.unreadable("/proc", .noSuchFileOrDirectory)))
    #expect(unreadable.status == .failed)
    #expect(unreadable.remedy?.hasPrefix("mount /proc") == true)
  }

  @Test func anExaminedNamespaceHasItsInode() {
    let system = FakeSystem.system([])
    #expect(system.inode(of: .own) == FakeSystem.ownInode)
    #expect(system.inode(of: ScannedNamespace(inode: 5, name: nil, isOwn: false)) == 5)
    #expect(system.inode(of: ScannedNamespace(inode: nil, name: nil, isOwn: false)) == nil)
  }

  @Test func aSystemInsideANamespaceExaminesThatAlone() throws {
    let kernel = FakeKernel([FakeSocket(cookie: 10)])
    let system = FakeSystem.system([
      FakeSystem.namespace(1, kernel), FakeSystem.closedNamespace(2),
    ])
    let everything = everything
    let results = system.insideEachNamespace { inside in
      #expect(!inside.showsProgress)
      #expect(inside.namespaces.sources.map(\.namespace.inode) == [1])
      return try? inside.scan(everything).connections.count
    }
    #expect(results[0].value == .success(1))
    #expect(results[1].value == .failure(.notPermitted))
  }

  @Test func countersAreThoseOfTheListedNamespaces() throws {
    let tree = ProcTree()
    tree.file("net/sockstat", "TCP: inuse 4 orphan 1 tw 2 alloc 9 mem 3\n")
    tree.file("net/netstat", "TcpExt: ListenOverflows ListenDrops\nTcpExt: 5 6\n")
    let source = FakeSystem.source(processes: tree.files)
    let own = FakeSystem.namespace(1, FakeKernel([]))
    let other = FakeSystem.closedNamespace(2)
    let system = LiveSystem(source, ExaminedNamespaces([own, other]))
    let gap = NamespaceGap(
      namespace: other.namespace, problem: .cannotList(nil, .cannotEnter(.notPermitted)))
    #expect(system.kernelCounters(besides: [gap])?.inUse == 4)
    // A sum with an unknown part is unknown.
    #expect(system.kernelCounters(besides: [])?.inUse == nil)
    #expect(system.kernelCounters(besides: [])?.allocated == 9)
    let accepts = system.acceptFigures(besides: [])
    #expect(accepts[own.namespace]?.overflows == 5)
    #expect(accepts[other.namespace] == AcceptFigures())
    #expect(system.acceptFigures(besides: [gap]).keys.map(\.inode) == [1])
  }

  @Test func preparingResolvesTheNamespacesOfTheSelection() throws {
    let own = SelectionPredicate.term(.namespace(NamespaceTerm(.own)))
    let (system, _) = try LiveSystem.prepared(.kernel(), selecting: .not(own))
    #expect(system.namespaces.sources.isEmpty)
    for (selected, isPossible) in [(own, true), (.not(own), false)] {
      let (system, predicate) = try LiveSystem.prepared(
        .kernel(), selecting: selected, netns: ["/proc/self/ns/net"])
      #expect(system.namespaces.isCurrentOnly)
      #expect(predicate.isPossible(in: 0) == isPossible)
    }
  }

  @Test func preparingRefusesAnUnknownNamespace() throws {
    let failure = try failure {
      _ = try LiveSystem.prepared(.kernel(), netns: ["no such namespace"])
    }
    #expect(failure.status == .usage)
  }

  @Test func anOldKernelMayNotListBoundSockets() {
    var moment = FakeSystem.moment
    moment.kernelRelease = "6.1.0"
    let source = FakeSystem.source(moment: moment)
    let old = LiveSystem(source, ExaminedNamespaces(currentOf: source))
    let bound = SelectionPredicate.term(.states(TCPState.boundInactive.asSet))
    #expect(old.boundSocketNotices(bound).count == 1)
    #expect(old.boundSocketNotices(.term(.states(TCPState.listen.asSet))).isEmpty)
    #expect(FakeSystem.system([]).boundSocketNotices(bound).isEmpty)
  }

  @Test func aRecordingLacksNoCapabilities() throws {
    let system = FakeSystem.system(
      [FakeSystem.namespace(1, FakeKernel([])), FakeSystem.closedNamespace(2)], isLive: false)
    #expect(system.missing(.enteringNamespace) == nil)
    let snapshot = try system.scan(everything)
    try system.checkNamespaces(snapshot.namespaceGaps)
  }
}
