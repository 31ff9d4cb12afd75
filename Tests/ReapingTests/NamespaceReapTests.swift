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

  @Test func closesEachConnectionInItsNamespace() throws {
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

  @Test func readsEachConnectionInItsNamespace() throws {
    func sockets(_ cookies: [UInt64]) -> [FakeSocket] {
      cookies.map { cookie in
        FakeSocket(cookie: cookie, inode: UInt32(cookie)) {
          $0.peerPort = UInt16(40_000 + cookie)
          $0.info = .idle(UInt32(100_000 - cookie))
        }
      }
    }
    // In closing order 1 2, 3, 4 5, 6: four lookups.
    let kernels = [FakeKernel(sockets([1, 2, 4, 5])), FakeKernel(sockets([3, 6]))]
    let plan = try plan(kernels)
    let before = kernels.map(\.datagrams)
    let reaper = Reaper(
      uptime: { nil },
      openTransportOf: { (index) throws(NetlinkProblem) in
        kernels[Int(index)].open()
      })
    var groups: [Int] = []
    let outcomes = try reaper.carryOut(
      plan, isStillSelected: { _, _ in true },
      announcing: { group in
        groups.append(group.count)
        return nil
      })
    #expect(groups == [6])
    #expect(outcomes.allSatisfy { $0.result == .closed })
    #expect(kernels.map(\.destroyed) == [[1, 2, 4, 5], [3, 6]])
    #expect(kernels.map(\.lookedUp) == [[1, 2, 4, 5, 1, 2, 4, 5], [3, 6, 3, 6]])
    #expect(zip(kernels, before).map { $0.datagrams - $1 } == [2 + 4 + 1, 2 + 2 + 1])
  }

  @Test func aConnectionStillListedIsUnverified() throws {
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

  @Test func closesNothingIfANamespaceCannotBeEntered() throws {
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
