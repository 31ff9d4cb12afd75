import Connections
import TestSupport
import Testing

@testable import ProcessTable

/// Re-reading known owners.
@Suite struct RereadOwnersTests {
  private let tree = ProcTree()
  private static let inodes: [UInt32] = [11, 12, 13]

  init() {
    tree.process(100, name: "app", links: [3: "socket:[11]", 4: "socket:[12]", 5: "socket:[99]"])
    tree.process(200, name: "worker", links: [7: "socket:[13]"])
    tree.process(300, name: "sshd", links: [0: "/dev/null"])
  }

  private func known() throws -> OwnerTable {
    try tree.files.findOwners(of: InodeSet(Self.inodes), threads: 1)
  }

  /// Re-reads the owners. Only processes named sshd are read completely.
  private func again(
    _ inodes: [UInt32] = Self.inodes, knowing earlier: OwnerTable, threads: Int = 1
  ) throws -> OwnerTable {
    try tree.files.rereadOwners(
      of: inodes, knowing: earlier, among: ProcessPruning(knowing: []) { $0.name == "sshd" },
      threads: threads)
  }

  private func owners(_ table: OwnerTable) -> [UInt32: [String]] {
    var owners: [UInt32: [String]] = [:]
    for holding in table.holdings {
      let process = table.process(of: holding)
      owners[holding.inode, default: []].append("\(process.pid)/\(holding.descriptor)")
    }
    return owners
  }

  @Test(arguments: [1, 3])
  func unchangedOwnersAreFoundByTheirDescriptors(threads: Int) throws {
    let table = try again(knowing: known(), threads: threads)
    #expect(owners(table) == [11: ["100/3"], 12: ["100/4"], 13: ["200/7"]])
    #expect(table.isPruned && !table.isComplete)
    #expect(table.processes.map(\.userID) == [1000, 1000], "all details are read")
  }

  @Test func onlyRequestedInodesAreRead() throws {
    #expect(owners(try again([12], knowing: known())) == [12: ["100/4"]])
  }

  @Test func reusedDescriptorsHoldNothing() throws {
    let earlier = try known()
    tree.unlink("100/fd/3")
    tree.link("100/fd/3", to: "socket:[77]")
    tree.unlink("200/fd/7")
    #expect(owners(try again(knowing: earlier)) == [12: ["100/4"]])
  }

  @Test func laterProcessesWithThePidAreNoOwners() throws {
    let earlier = try known()
    tree.process(again: 100, name: "app", start: 2000)
    #expect(owners(try again(knowing: earlier)) == [13: ["200/7"]])
  }

  @Test func everyTableOfAKeptProcessIsRead() throws {
    let earlier = try known()
    tree.link("300/fd/9", to: "socket:[11]")
    tree.link("300/task/301/fd/4", to: "socket:[12]")
    let table = try again(knowing: earlier)
    #expect(owners(table)[11] == ["100/3", "300/9"])
    #expect(owners(table)[12] == ["100/4", "300/4"])
  }

  @Test func knownOwnersThatAreNowKeptAreReadCompletely() throws {
    let earlier = try known()
    tree.process(again: 100, name: "sshd", start: 1000)
    tree.link("100/fd/8", to: "socket:[13]")
    let table = try again(knowing: earlier)
    #expect(owners(table)[13] == ["100/8", "200/7"])
    #expect(table.processes.first?.name == "sshd")
  }

  @Test func newOwnersThatAreNotKeptAreMissing() throws {
    let earlier = try known()
    tree.process(400, name: "other", links: [3: "socket:[11]"])
    #expect(owners(try again(knowing: earlier))[11] == ["100/3"])
  }

  @Test func unreadableProcessesAreGaps() throws {
    let earlier = try known()
    tree.process(unreadable: 500, name: "sshd")
    #expect(try again(knowing: earlier).gaps.map(\.pid) == [500])
  }

  @Test func theOpenFileCountIsTheFirstNumberOfFileNr() {
    #expect(tree.files.openFileCount == nil)
    tree.file("sys/fs/file-nr", "1349\t0\t2466183\n")
    #expect(tree.files.openFileCount == 1349)
  }

  @Test func tablesOfDifferentSocketsAreMerged() throws {
    let whole = try known()
    let parts = try again([11], knowing: whole).adding(try again([12, 13], knowing: whole))
    #expect(owners(parts) == owners(whole))
    #expect(parts.isPruned)
  }

  @Test func collectedOwnersComeFromTheirTable() throws {
    let earlier = try known()
    tree.process(again: 100, name: "renamed", start: 1000)
    let later = try known()
    var collected = CollectedOwners()
    collected.add([11], from: earlier)
    collected.add([12, 13], from: later)
    let table = collected.table
    #expect(owners(table) == owners(later))
    #expect(table.holdings(of: 11).map { table.process(of: $0).name } == ["app"])
    #expect(table.holdings(of: 12).map { table.process(of: $0).name } == ["renamed"])
    #expect(table.isComplete)
  }
}
