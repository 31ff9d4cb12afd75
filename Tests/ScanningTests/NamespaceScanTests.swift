import Connections
import Netlink
import ProcessTable
import Selection
import SystemPackage
import TestSupport
import Testing

@testable import Scanning

/// Scans of several network namespaces.
@Suite struct NamespaceScanTests {
  private static let moment = ScanMoment(
    bootID: nil, networkNamespace: 1, uptime: nil, kernelRelease: nil)

  private func source(_ inode: UInt64, isOwn: Bool = false, _ kernel: FakeKernel) -> NamespaceSource
  {
    NamespaceSource(ScannedNamespace(inode: inode, name: nil, isOwn: isOwn)) {
      () throws(NetlinkProblem) in kernel.open()
    }
  }

  private func locked(_ inode: UInt64) -> NamespaceSource {
    NamespaceSource(ScannedNamespace(inode: inode, name: "locked", isOwn: false)) {
      () throws(NetlinkProblem) in throw .cannotEnter(.notPermitted)
    }
  }

  private func scan(
    _ sources: [NamespaceSource], _ details: ScanRequest.Details = []
  ) throws -> Snapshot {
    try Scanner(
      processes: ProcFileSystem(), controlGroups: nil, threads: 1, namespaces: sources
    ).scan(ScanRequest(.everything, reading: details), at: Self.moment)
  }

  @Test func connectionsHaveTheirNamespace() throws {
    let snapshot = try scan([
      source(1, isOwn: true, FakeKernel([FakeSocket(cookie: 10)])),
      source(2, FakeKernel([FakeSocket(cookie: 20), FakeSocket(cookie: 21)])),
    ])
    #expect(snapshot.connections.map(\.cookie.rawValue) == [10, 20, 21])
    #expect(snapshot.connections.map { snapshot.networkNamespace(of: $0) } == [1, 2, 2])
    #expect(snapshot.connections.map { snapshot.namespace(of: $0).isOwn } == [true, false, false])
    #expect(snapshot.namespaceGaps.isEmpty && snapshot.listed == 3)
  }

  @Test func inaccessibleNamespaceIsAGap() throws {
    let snapshot = try scan([
      locked(2), source(1, isOwn: true, FakeKernel([FakeSocket(cookie: 10)])),
    ])
    #expect(snapshot.connections.map { snapshot.networkNamespace(of: $0) } == [1])
    #expect(snapshot.namespaceGaps.map(\.namespace.name) == ["locked"])
    #expect(
      snapshot.namespaceGaps.map(\.problem) == [.cannotList(nil, .cannotEnter(.notPermitted))])
  }

  @Test func rowsOfAFailedDumpAreDiscarded() throws {
    let broken = FakeKernel([
      FakeSocket(cookie: 20),
      FakeSocket(cookie: 21, inode: 1) {
        $0.family = 10; $0.local = .init(repeating: 0, count: 16); $0.peer = $0.local
      },
    ])
    broken.listsBothFamilies = false
    broken.failDump = { $0 == 1 ? nil : .cannotReceive(.ioError) }
    let snapshot = try scan([
      source(2, broken), source(1, FakeKernel([FakeSocket(cookie: 10)])),
    ])
    #expect(snapshot.connections.map(\.cookie.rawValue) == [10])
    #expect(snapshot.listed == 1)
    #expect(snapshot.namespaceGaps.map(\.namespace.inode) == [2])
  }

  @Test func scanFailsIfNoNamespaceCanBeListed() {
    #expect(throws: ScanProblem.cannotList(nil, .cannotEnter(.notPermitted))) {
      try scan([locked(2), locked(3)])
    }
  }

  @Test func acceptQueueBelongsToAListenerInTheSameNamespace() throws {
    func listener(_ cookie: UInt64) -> FakeSocket {
      FakeSocket(cookie: cookie, inode: 4_000_000_000 + UInt32(cookie)) {
        $0.state = 10
        $0.peerPort = 0
        $0.peer = [0, 0, 0, 0]
      }
    }
    let waiting = FakeSocket(cookie: 11, inode: 0)
    let snapshot = try scan(
      [
        source(1, isOwn: true, FakeKernel([listener(10)])),
        source(2, FakeKernel([waiting, listener(20)])),
        source(3, FakeKernel([FakeSocket(cookie: 31, inode: 0)])),
      ], .owners)
    let rows = snapshot.connections.filter { $0.state == .established }
    #expect(rows.map(\.namespace) == [1, 2])
    guard case .inAcceptQueue(let listeners, _) = snapshot.attribution(of: rows[0]) else {
      Issue.record("not in an accept queue")
      return
    }
    #expect(listeners.map(\.cookie.rawValue) == [20])
    guard case .unknown = snapshot.attribution(of: rows[1]) else {
      Issue.record("attributed to a listener in another namespace")
      return
    }
  }
}
