import Connections
import Netlink
import ProcessTable
import Scanning
import Selection
import SystemPackage
import TestSupport
import Testing

@testable import Reaping

/// Plans of several network namespaces.
@Suite struct NamespaceReapTests {
  private func plan(_ kernels: [FakeKernel]) throws -> Plan {
    let scanner = Scanner(
      processes: ProcFileSystem(), controlGroups: nil, threads: 1,
      namespaces: kernels.enumerated().map { index, kernel in
        NamespaceSource(
          ScannedNamespace(inode: UInt64(index + 1), name: nil, isOwn: index == 0)
        ) { () throws(NetlinkProblem) in kernel.open() }
      })
    let snapshot = try scanner.scan(
      ScanRequest(.everything, reading: []),
      at: ScanMoment(bootID: nil, networkNamespace: 1, uptime: nil, kernelRelease: nil))
    return Plan(
      snapshot.connections.map { Plan.Step(connection: $0, decision: .close) }, from: snapshot)
  }

  @Test func eachIsClosedInItsOwnNamespace() throws {
    // The same addresses in both, as in two containers.
    let kernels = [FakeKernel([FakeSocket(cookie: 10)]), FakeKernel([FakeSocket(cookie: 20)])]
    let plan = try plan(kernels)
    let reaper = Reaper(
      uptime: { nil },
      openTransportOf: { (index) throws(NetlinkProblem) in
        kernels[Int(index)].open()
      })
    var judged: [UInt16] = []
    let outcomes = try reaper.carryOut(plan) { _, now in
      judged.append(now.namespace)
      return true
    }
    #expect(outcomes.map(\.result) == [.closed, .closed])
    #expect(judged == [0, 1])
    #expect(kernels.map(\.destroyed) == [[10], [20]])
  }

  @Test func oneThatIsStillListedInItsNamespaceIsUnverified() throws {
    let kernels = [FakeKernel([FakeSocket(cookie: 10)]), FakeKernel([FakeSocket(cookie: 20)])]
    kernels[1].keepsDestroyed = true
    let reaper = Reaper(
      uptime: { nil },
      openTransportOf: { (index) throws(NetlinkProblem) in
        kernels[Int(index)].open()
      })
    let outcomes = try reaper.carryOut(try plan(kernels)) { _, _ in true }
    #expect(outcomes.map(\.result) == [.closed, .unverified(.stillListed(.established))])
  }

  @Test func nothingIsClosedWhenOneOfThemCannotBeEntered() throws {
    let kernels = [FakeKernel([FakeSocket(cookie: 10)]), FakeKernel([FakeSocket(cookie: 20)])]
    let plan = try plan(kernels)
    let reaper = Reaper(
      uptime: { nil },
      openTransportOf: { (index) throws(NetlinkProblem) in
        if index == 1 { throw .cannotEnter(.notPermitted) }
        return kernels[0].open()
      })
    #expect(throws: NetlinkProblem.cannotEnter(.notPermitted)) {
      try reaper.carryOut(plan) { _, _ in true }
    }
    #expect(kernels.map(\.destroyRequests) == [[], []])
  }
}
