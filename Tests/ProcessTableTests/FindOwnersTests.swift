import Connections
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import ProcessTable

/// Searches in copies of `/proc`.
@Suite struct FindOwnersTests {
  private func rows(_ table: OwnerTable) -> [[Int]] {
    table.holdings.map {
      [Int($0.inode), Int(table.process(of: $0).pid), Int($0.descriptor)]
    }
  }

  @Test func everyDescriptorOfEveryProcessIsFound() throws {
    let tree = ProcTree()
    tree.process(
      10, name: "nginx", start: 55, userID: 33,
      links: [0: "/dev/null", 3: "socket:[100]", 4: "pipe:[100]", 5: "socket:[101]"])
    tree.process(9, links: [7: "socket:[100]", 8: "socket:[100]"])
    tree.process(11, links: [3: "/tmp/socket:[100]"])
    let table = try tree.files.findOwners(of: .everySocket, threads: 2)
    #expect(rows(table) == [[100, 9, 7], [100, 9, 8], [100, 10, 3], [101, 10, 5]])
    #expect(
      table.processes.last
        == OwnerProcess(
          identity: ProcessIdentity(pid: 10, startTicks: 55), name: "nginx",
          executable: "/usr/bin/nginx", userID: 33))
    #expect(table.isComplete && !table.isPruned)
  }

  @Test func onlyWantedSocketsAreKept() throws {
    let tree = ProcTree()
    tree.process(10, links: [3: "socket:[100]", 4: "socket:[101]"])
    tree.process(11, links: [3: "socket:[102]"])
    let table = try tree.files.findOwners(of: InodeSet([101, 999]), threads: 1)
    #expect(rows(table) == [[101, 10, 4]])
    #expect(table.processes.map(\.pid) == [10])
    #expect(table.isComplete)
  }

  @Test func emptySetsFindNothing() throws {
    let tree = ProcTree()
    tree.process(10, links: [3: "socket:[100]"])
    let table = try tree.files.findOwners(of: InodeSet(), threads: 1)
    #expect(table.processes.isEmpty && table.holdings.isEmpty)
  }

  // MARK: Invalid roots

  @Test func missingRootsAreAnError() {
    let root: FilePath = "/nonexistent/proc"
    #expect(throws: ProcessProblem.unreadable(root, .noSuchFileOrDirectory)) {
      try ProcFileSystem(root: root).findOwners(of: .everySocket, threads: 1)
    }
  }

  @Test func filesAsRootAreAnError() {
    #expect(throws: ProcessProblem.unreadable("/dev/null", .notDirectory)) {
      try ProcFileSystem(root: "/dev/null").findOwners(of: .everySocket, threads: 1)
    }
  }

  @Test func rootsWithoutProcessesAreAlwaysAnError() {
    let tree = ProcTree()
    tree.directory("sys")
    for wanted in [InodeSet.everySocket, InodeSet()] {
      #expect(throws: ProcessProblem.noProcesses(tree.root)) {
        try tree.files.findOwners(of: wanted, threads: 1)
      }
    }
  }

  // MARK: Malformed trees

  @Test func oddNamesAndTargetsAreNoSockets() throws {
    let tree = ProcTree()
    tree.process(
      10,
      links: [
        1: "socket:[", 2: "socket:[]", 3: "socket:[x]", 4: "socket:[4294967297]",
        5: "socket:[18446744073709551617]", 6: "socket:[0]", 7: "socket:[7]",
      ])
    for name in ["x", "-1", "007", "99999999999", "3x"] {
      tree.link("10/fd/\(name)", to: "socket:[5]")
    }
    tree.process(11)
    tree.directory("self/fd")
    tree.link("self/fd/3", to: "socket:[8]")
    let table = try tree.files.findOwners(of: .everySocket, threads: 1)
    // 4294967297 is 1 in 32 bits.
    #expect(rows(table) == [[7, 10, 7]])
    #expect(table.isComplete)
  }

  @Test func descriptorsThatAreNoLinksAreGaps() throws {
    let tree = ProcTree()
    tree.process(10, links: [3: "socket:[100]"])
    tree.file("10/fd/4", "")
    let table = try tree.files.findOwners(of: .everySocket, threads: 1)
    #expect(rows(table) == [[100, 10, 3]])
    #expect(table.gaps == [ProcessGap(pid: 10, part: .descriptor(4), error: .invalidArgument)])
    #expect(!table.isComplete)
  }

  @Test func onlyTheFirstUnreadableDescriptorIsReported() throws {
    let tree = ProcTree()
    tree.process(10)
    for descriptor in 0..<50 { tree.file("10/fd/\(descriptor)", "") }
    #expect(try tree.files.findOwners(of: .everySocket, threads: 1).gaps.count == 1)
  }

  @Test func processesThatAreFilesAreGaps() throws {
    let tree = ProcTree()
    tree.process(10, links: [3: "socket:[100]"])
    tree.file("11", "")
    let table = try tree.files.findOwners(of: .everySocket, threads: 1)
    #expect(rows(table) == [[100, 10, 3]])
    #expect(table.gaps == [ProcessGap(pid: 11, part: .process, error: .notDirectory)])
  }

  @Test func descriptorDirectoriesThatAreFilesAreGaps() throws {
    let tree = ProcTree()
    tree.file("10/fd", "")
    let table = try tree.files.findOwners(of: .everySocket, threads: 1)
    #expect(table.gaps == [ProcessGap(pid: 10, part: .descriptors, error: .notDirectory)])
  }

  @Test func endedProcessesAreNoGaps() throws {
    let tree = ProcTree()
    tree.directory("10")
    tree.process(11, links: [3: "socket:[100]"])
    remove(tree.path("11/stat"))
    let table = try tree.files.findOwners(of: .everySocket, threads: 1)
    #expect(table.holdings.isEmpty && table.processes.isEmpty && table.isComplete)
  }

  @Test func unreadableFactsAreUnknown() throws {
    let tree = ProcTree()
    tree.process(10, links: [3: "socket:[100]"])
    for name in ["comm", "exe", "status"] { remove(tree.path("10/" + name)) }
    tree.file("10/stat", "")
    let table = try tree.files.findOwners(of: .everySocket, threads: 1)
    #expect(
      table.processes == [
        OwnerProcess(
          identity: ProcessIdentity(pid: 10, startTicks: nil), name: nil, executable: nil,
          userID: nil)
      ])
    #expect(rows(table) == [[100, 10, 3]])
  }

  // MARK: Threads

  @Test func threadsOfAZombieLeaderAreAlwaysRead() throws {
    let tree = ProcTree()
    tree.process(10, state: "Z", threads: 2)
    tree.link("10/task/12/fd/3", to: "socket:[100]")
    tree.directory("10/task/10/fd")
    let table = try tree.files.findOwners(of: .everySocket, threads: 1)
    #expect(rows(table) == [[100, 10, 3]])
  }

  @Test func zombiesWithoutThreadsHoldNothing() throws {
    let tree = ProcTree()
    tree.process(10, state: "Z", threads: 1)
    let table = try tree.files.findOwners(of: .everySocket, threads: 1)
    #expect(table.holdings.isEmpty && table.isComplete)
  }

  @Test func threadTablesAreReadEvenIfLeadersHoldTheSocket() throws {
    let tree = ProcTree()
    tree.process(10, threads: 2, links: [3: "socket:[100]"])
    tree.link("10/task/10/fd/3", to: "socket:[100]")
    tree.link("10/task/12/fd/3", to: "socket:[100]")
    tree.link("10/task/12/fd/4", to: "socket:[101]")
    tree.process(20, threads: 2)
    tree.link("20/task/21/fd/9", to: "socket:[101]")
    let missing = try tree.files.findOwners(of: InodeSet([100, 101]), threads: 2)
    #expect(rows(missing) == [[100, 10, 3], [101, 10, 4], [101, 20, 9]])
    #expect(missing.processes.map(\.pid) == [10, 20])

    let found = try tree.files.findOwners(of: InodeSet([100]), threads: 2)
    #expect(rows(found) == [[100, 10, 3]])
    let every = try tree.files.findOwners(of: .everySocket, threads: 2)
    #expect(rows(every) == [[100, 10, 3], [101, 10, 4], [101, 20, 9]])
  }

  @Test func socketsHeldByALeaderAreAlsoFoundInOtherThreads() throws {
    let tree = ProcTree()
    tree.process(10, name: "other", links: [3: "socket:[100]"])
    tree.process(20, name: "precious", threads: 2, links: [0: "/dev/null"])
    tree.link("20/task/21/fd/9", to: "socket:[100]")
    for wanted in [InodeSet([100]), .everySocket] {
      let table = try tree.files.findOwners(of: wanted, threads: 2)
      #expect(rows(table) == [[100, 10, 3], [100, 20, 9]])
      let walked = try tree.files.startFindingOwners(threads: 2).finish(wanted: wanted)
      #expect(rows(walked) == rows(table))
    }
  }

  @Test func threadsOfALeaderWithoutDescriptorsAreRead() throws {
    let tree = ProcTree()
    tree.process(10, threads: 2)
    tree.link("10/task/11/fd/4", to: "socket:[100]")
    #expect(
      rows(try tree.files.findOwners(of: .everySocket, threads: 1)) == [[100, 10, 4]])
  }

  @Test func socketsInManyTablesAreKeptOnce() throws {
    let tree = ProcTree()
    tree.process(10, threads: 12)
    for thread in 11...22 {
      for descriptor in 0..<500 {
        tree.link("10/task/\(thread)/fd/\(descriptor)", to: "socket:[\(descriptor + 1)]")
      }
    }
    let table = try tree.files.findOwners(of: .everySocket, threads: 1)
    #expect(table.holdings.map(\.inode) == Array(1...500))
  }

  @Test func unreadableThreadsAreGaps() throws {
    let tree = ProcTree()
    tree.process(10, threads: 2)
    tree.file("10/task/12/fd", "")
    tree.process(11, threads: 2)
    tree.file("11/task", "")
    tree.process(12, threads: 2)
    tree.file("12/task/13/fd/6", "")
    let table = try tree.files.findOwners(of: InodeSet([100]), threads: 1)
    #expect(
      table.gaps == [
        ProcessGap(pid: 10, part: .descriptorsOfThread(12), error: .notDirectory),
        ProcessGap(pid: 11, part: .threads, error: .notDirectory),
        ProcessGap(
          pid: 12, part: .descriptorOfThread(13, descriptor: 6), error: .invalidArgument),
      ])
  }

  @Test func unreadableProcessesAreReportedOnce() throws {
    let tree = ProcTree()
    tree.file("10/fd", "")
    tree.file("10/task", "")
    let table = try tree.files.findOwners(of: InodeSet([100]), threads: 1)
    #expect(table.gaps.map(\.part) == [.descriptors])
  }

  // MARK: Sharing the work

  @Test(arguments: 1...6)
  func theResultDoesNotDependOnTheNumberOfThreads(_ seed: Int) throws {
    var numbers = Seeded(UInt64(seed))
    let tree = ProcTree()
    var expected: [[Int]] = []
    for pid in Set((0..<20).map { _ in Int32.random(in: 1...400, using: &numbers) }) {
      tree.process(pid, start: Int(pid) * 10)
      if Int.random(in: 0..<8, using: &numbers) == 0 { tree.file("\(pid)/fd/0", "") }
      for descriptor in 1..<Int.random(in: 1...30, using: &numbers) {
        let inode = Int.random(in: 1...60, using: &numbers)
        tree.link("\(pid)/fd/\(descriptor)", to: "socket:[\(inode)]")
        expected.append([inode, Int(pid), descriptor])
      }
    }
    expected.sort { $0.lexicographicallyPrecedes($1) }
    let alone = try tree.files.findOwners(of: .everySocket, threads: 1)
    #expect(rows(alone) == expected)
    for threads in [-3, 0, 2, 8, 1000] {
      let shared = try tree.files.findOwners(of: .everySocket, threads: threads)
      #expect(shared.processes == alone.processes)
      #expect(shared.holdings == alone.holdings)
      #expect(shared.gaps == alone.gaps)
    }
    let even = InodeSet(stride(from: 2, through: 60, by: 2))
    let some = try tree.files.findOwners(of: even, threads: 3)
    #expect(rows(some) == expected.filter { $0[0].isMultiple(of: 2) })
  }

  @Test func largeDirectoriesAreReadCompletely() throws {
    let tree = ProcTree()
    tree.process(10)
    // More names than fit into one buffer.
    for descriptor in 0..<3000 {
      tree.link("10/fd/\(descriptor)", to: "socket:[\(descriptor + 1)]")
    }
    let table = try tree.files.findOwners(of: .everySocket, threads: 1)
    #expect(table.holdings.map(\.inode) == Array(1...3000))
    #expect(table.holdings.map(\.descriptor) == Array(0..<3000))
  }
}
