import Connections
import SystemPackage
import TestSupport
import Testing

@testable import ProcessTable

@Suite struct OwnerTableTests {
  func holder(
    _ pid: Int32, start: UInt64? = 1, _ sockets: [(UInt32, Int32)]
  ) -> SocketHolder {
    SocketHolder(
      process: OwnerProcess(
        identity: ProcessIdentity(pid: pid, startTicks: start), name: KernelName("p\(pid)"),
        executable: nil,
        userID: nil),
      sockets: sockets.map { HeldSocket(inode: $0.0, descriptor: $0.1) })
  }

  func rows(_ table: OwnerTable, _ inode: UInt32) -> [[Int32]] {
    table.holdings(of: inode).map { [table.process(of: $0).pid, $0.descriptor] }
  }

  @Test func holdingsTakeTwelveBytes() {
    #expect(MemoryLayout<Holding>.stride == 12)
  }

  @Test func holdingsAreSortedByInodeProcessAndDescriptor() {
    let table = OwnerTable(
      holders: [
        holder(20, [(5, 9), (5, 3), (1, 4)]), holder(3, [(5, 100), (9, 1)]),
      ], gaps: [], isPruned: false)
    #expect(table.processes.map(\.pid) == [3, 20])
    #expect(table.holdings.map(\.inode) == [1, 5, 5, 5, 9])
    #expect(rows(table, 5) == [[3, 100], [20, 3], [20, 9]])
    #expect(rows(table, 1) == [[20, 4]])
    #expect(rows(table, 9) == [[3, 1]])
  }

  @Test(arguments: [0, 2, 4, 6, 10, UInt32.max])
  func unheldInodesHaveNoHoldings(_ inode: UInt32) {
    let table = OwnerTable(
      holders: [holder(1, [(1, 1), (3, 2), (5, 3)])], gaps: [], isPruned: false)
    #expect(table.holdings(of: inode).isEmpty)
  }

  @Test func emptyTablesHaveNoHoldings() {
    let table = OwnerTable(holders: [], gaps: [], isPruned: false)
    #expect(table.holdings(of: 1).isEmpty && table.isComplete)
  }

  @Test func partsOfOneProcessAreMerged() {
    let table = OwnerTable(
      holders: [holder(1, [(5, 3)]), holder(2, [(5, 3)]), holder(1, [(6, 4), (5, 3)])], gaps: [],
      isPruned: false)
    #expect(table.processes.map(\.pid) == [1, 2])
    #expect(rows(table, 5) == [[1, 3], [2, 3]])
    #expect(rows(table, 6) == [[1, 4]])
  }

  @Test func reusedPidsAreTwoProcesses() {
    let table = OwnerTable(
      holders: [holder(1, start: 20, [(5, 3)]), holder(1, start: 10, [(5, 4)])], gaps: [],
      isPruned: false)
    #expect(table.processes.map(\.identity.startTicks) == [10, 20])
    #expect(table.holdings(of: 5).map(\.descriptor) == [4, 3])
    #expect(table.holdings(of: 5).map(\.process) == [0, 1])
  }

  @Test func gapsAndPruningMakeTheTableIncomplete() {
    let gap = ProcessGap(pid: 1, part: .descriptors, error: .permissionDenied)
    #expect(!OwnerTable(holders: [], gaps: [gap], isPruned: false).isComplete)
    let pruned = OwnerTable(holders: [], gaps: [], isPruned: true)
    #expect(!pruned.isComplete && pruned.gaps.isEmpty)
  }

  @Test func gapsAreSortedByPidAndReadingOrder() {
    let parts: [ProcessGap.Part] = [
      .process, .descriptors, .descriptor(2), .descriptor(10), .threads, .descriptorsOfThread(1),
      .descriptorOfThread(1, descriptor: 5), .descriptorOfThread(1, descriptor: 6),
    ]
    let sorted = [1, 2].flatMap { pid in
      parts.map { ProcessGap(pid: pid, part: $0, error: .ioError) }
    }
    var numbers = Seeded(3)
    for _ in 0..<20 {
      let table = OwnerTable(
        holders: [], gaps: (sorted + sorted).shuffled(using: &numbers), isPruned: false)
      #expect(table.gaps == sorted)
    }
  }

  @Test func lookupsMatchALinearSearch() {
    var numbers = Seeded(4)
    for _ in 0..<50 {
      let holders = (1...Int32.random(in: 1...8, using: &numbers)).map { pid in
        holder(
          pid,
          (0..<Int.random(in: 0...30, using: &numbers)).map {
            (UInt32.random(in: 1...20, using: &numbers), Int32($0))
          })
      }
      let table = OwnerTable(
        holders: holders.shuffled(using: &numbers), gaps: [], isPruned: false)
      for inode in UInt32(0)...21 {
        let expected = holders.flatMap { holder in
          holder.sockets.filter { $0.inode == inode }
            .sorted { $0.descriptor < $1.descriptor }
            .map { [holder.process.pid, $0.descriptor] }
        }
        #expect(rows(table, inode) == expected)
      }
    }
  }
}

extension OwnerTableTests {
  /// The inodes are close together or far apart.
  @Test(arguments: [0, 1, 3, 4, 12] as [UInt32])
  func everyHoldingIsFoundByItsInode(shift: UInt32) {
    var numbers = Seeded(7)
    for count in [1, 2, 9, 100, 5000] {
      let sockets = (0..<count).map { _ in
        (UInt32.random(in: 1...UInt32(count), using: &numbers) << shift, Int32(1))
      }
      let table = OwnerTable(
        holders: [holder(1, sockets), holder(2, sockets)], gaps: [], isPruned: false)
      let inodes = Set(sockets.map(\.0))
      for inode in inodes { #expect(rows(table, inode) == [[1, 1], [2, 1]]) }
      for number in 1...UInt32(count) + 1 where !inodes.contains(number << shift) {
        #expect(table.holdings(of: number << shift).isEmpty)
      }
    }
  }
}
