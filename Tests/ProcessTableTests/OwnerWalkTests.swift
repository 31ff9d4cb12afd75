import Connections
import SystemPackage
import TestSupport
import Testing

@testable import ProcessTable

/// A walk finds what `findOwners` finds, although it starts without the wanted sockets.
@Suite struct OwnerWalkTests {
  private func tree() -> ProcTree {
    let tree = ProcTree()
    tree.process(10, links: [3: "socket:[100]", 4: "socket:[101]", 5: "pipe:[7]"])
    tree.process(11, links: [3: "socket:[102]", 4: "socket:[100]"])
    tree.process(12, links: [3: "/dev/null"])
    return tree
  }

  @Test(arguments: [[], [100], [101, 102], [100, 101, 102], [999], [100, 999]], 1...3)
  func walksFindWhatSearchesFind(_ inodes: [UInt32], threads: Int) throws {
    let tree = tree()
    let wanted = InodeSet(inodes)
    let searched = try tree.files.findOwners(of: wanted, threads: threads)
    let walked = try tree.files.startFindingOwners(threads: threads).finish(wanted: wanted)
    #expect(walked.holdings == searched.holdings)
    #expect(walked.processes == searched.processes)
    #expect(walked.gaps == searched.gaps && walked.isPruned == searched.isPruned)
  }

  @Test func missingSocketsAreFoundInThreads() throws {
    let tree = tree()
    tree.directory("12/task/12")
    tree.link("12/task/13/fd/8", to: "socket:[200]")
    let table = try tree.files.startFindingOwners(threads: 2).finish(wanted: InodeSet([101, 200]))
    #expect(table.holdings(of: 200).map(\.descriptor) == [8])
    #expect(table.holdings(of: 200).map { table.process(of: $0).pid } == [12])
    #expect(table.holdings(of: 101).map { table.process(of: $0).pid } == [10])
  }

  @Test func socketsOfLaterProcessesAreFound() throws {
    let tree = tree()
    let walk = try tree.files.startFindingOwners(threads: 2)
    tree.process(20, links: [6: "socket:[300]"])
    let table = try walk.finish(wanted: InodeSet([101, 300]))
    #expect(table.holdings(of: 300).map(\.descriptor) == [6])
    #expect(table.holdings(of: 101).map { table.process(of: $0).pid } == [10])
    #expect(table.isComplete)
  }

  @Test func onlySelectedProcessesAreRead() throws {
    let tree = tree()
    tree.process(13, name: "other", links: [3: "socket:[400]"])
    let walk = try tree.files.startFindingOwners(
      among: ProcessPruning(pids: [10]), reading: [], threads: 2)
    let table = try walk.finish(wanted: InodeSet([100, 400]))
    #expect(table.processes.map(\.pid) == [10] && table.isPruned && !table.isComplete)
    #expect(table.holdings(of: 400).isEmpty)
  }

  @Test(
    arguments: [
      ([], nil, nil, nil), (.program, "/usr/bin/app", nil, nil), (.user, nil, 1000, nil),
      (.controlGroup, nil, nil, "/a.slice"), (.all, "/usr/bin/app", 1000, "/a.slice"),
    ] as [(OwnerDetails, KernelName?, UInt32?, KernelName?)])
  func onlyRequestedDetailsAreRead(
    _ details: OwnerDetails, _ executable: KernelName?, _ userID: UInt32?, _ path: KernelName?
  ) throws {
    let tree = ProcTree()
    tree.process(10, name: "app", start: 55, links: [3: "socket:[100]"])
    tree.file("10/cgroup", "0::/a.slice\n")
    for table in [
      try tree.files.findOwners(of: InodeSet([100]), reading: details, threads: 1),
      try tree.files.startFindingOwners(reading: details, threads: 1)
        .finish(wanted: InodeSet([100])),
    ] {
      let owner = try #require(table.processes.first)
      #expect(owner.identity == ProcessIdentity(pid: 10, startTicks: 55) && owner.name == "app")
      #expect(owner.executable == executable && owner.userID == userID)
      #expect(owner.controlGroup?.path == path)
      #expect(owner.command?.text == (details.contains(.command) ? "app" : nil))
    }
  }

  @Test func gapsAreKept() throws {
    let tree = tree()
    tree.process(13)
    tree.file("14/fd", "no directory")
    tree.file("14/stat", ProcTree.stat(14, "odd", "S", 1, 0, 1, 5))
    let table = try tree.files.startFindingOwners(threads: 1).finish(wanted: InodeSet([100]))
    #expect(table.gaps.map(\.pid) == [14] && !table.isComplete)
  }

  @Test func everySocketIsKeptIfAllAreWanted() throws {
    let tree = tree()
    let table = try tree.files.startFindingOwners(threads: 2).finish(wanted: .everySocket)
    #expect(table.holdings.map(\.inode) == [100, 100, 101, 102])
  }

  @Test func missingRootsAreAnError() {
    let root: FilePath = "/nonexistent/proc"
    #expect(throws: ProcessProblem.unreadable(root, .noSuchFileOrDirectory)) {
      _ = try ProcFileSystem(root: root).startFindingOwners(threads: 1)
    }
  }

  @Test func walksCanBeDropped() throws {
    let tree = tree()
    _ = try tree.files.startFindingOwners(threads: 4)
    let table = try tree.files.startFindingOwners(threads: 4).finish(wanted: InodeSet([100]))
    #expect(table.holdings(of: 100).count == 2)
  }
}
