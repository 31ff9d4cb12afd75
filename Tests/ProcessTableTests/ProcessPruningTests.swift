import Connections
import TestSupport
import Testing

@testable import ProcessTable

@Suite struct ProcessPruningTests {
  private func tree() -> ProcTree {
    let tree = ProcTree()
    tree.process(10, name: "java", userID: 1, links: [3: "socket:[100]"])
    tree.process(11, name: "sshd", userID: 2, links: [3: "socket:[100]"])
    tree.process(12, name: "java", userID: 2, links: [3: "socket:[100]"])
    return tree
  }

  private func pids(_ pruning: ProcessPruning, in tree: ProcTree) throws -> [Int32] {
    let table = try tree.files.findOwners(of: .everySocket, among: pruning, threads: 2)
    #expect(table.isPruned == !pruning.keepsEveryProcess)
    #expect(table.isComplete == pruning.keepsEveryProcess)
    return table.processes.map(\.pid)
  }

  @Test func everyProcessPrunesNothing() throws {
    #expect(try pids(.everyProcess, in: tree()) == [10, 11, 12])
    #expect(ProcessPruning().keepsEveryProcess)
  }

  @Test func pidsSelectProcesses() throws {
    #expect(try pids(ProcessPruning(pids: [10, 12, 99]), in: tree()) == [10, 12])
    #expect(try pids(ProcessPruning(pids: []), in: tree()) == [])
  }

  @Test func usersSelectProcesses() throws {
    #expect(try pids(ProcessPruning(userIDs: [2]), in: tree()) == [11, 12])
  }

  @Test func predicatesSelectProcesses() throws {
    #expect(try pids(ProcessPruning(where: { $0.name == "java" }), in: tree()) == [10, 12])
    #expect(
      try pids(ProcessPruning(where: { $0.executableName == "sshd" }), in: tree()) == [11])
  }

  @Test func allConditionsMustHold() throws {
    let pruning = ProcessPruning(pids: [10, 11], userIDs: [2], where: { $0.name != "java" })
    #expect(try pids(pruning, in: tree()) == [11])
  }

  @Test func processesOfUnknownUsersAreKept() throws {
    let tree = tree()
    tree.file("10/status", "")
    #expect(try pids(ProcessPruning(userIDs: [3]), in: tree) == [10])
  }

  @Test func prunedProcessesAreNotOpened() throws {
    let tree = tree()
    tree.file("13", "")
    tree.file("14/stat", ProcTree.stat(14, "x", "S", 1, 0, 1, 1))
    tree.file("14/fd", "")
    let table = try tree.files.findOwners(
      of: .everySocket, among: ProcessPruning(pids: [10, 14], where: { $0.name != "x" }),
      threads: 1)
    #expect(table.gaps.isEmpty && table.processes.map(\.pid) == [10])
  }

  @Test func emptySearchesAreStillPruned() throws {
    let tree = tree()
    let table = try tree.files.findOwners(
      of: InodeSet(), among: ProcessPruning(pids: [1]), threads: 1)
    #expect(table.isPruned)
  }
}
