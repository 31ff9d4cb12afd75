import Connections
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import ProcessTable

@Suite struct ProcessFactsTests {
  @Test func factsOfOneProcessAreRead() throws {
    let tree = ProcTree()
    tree.process(10, name: "nginx", parent: 4, start: 987, userID: 33)
    #expect(
      try tree.files.process(10)
        == OwnerProcess(
          identity: ProcessIdentity(pid: 10, startTicks: 987), name: "nginx",
          executable: "/usr/bin/nginx", userID: 33))
    #expect(try tree.files.startTicks(of: 10) == 987)
    #expect(try tree.files.parent(of: 10) == 4)
  }

  @Test(arguments: [
    "app", "a\n", "a\nb", "", " a \u{1b}[2J", ")", "(", ") S 1 (", "a) R 7 7 7", "((", "\u{fc}",
  ])
  func namesAreKeptUnchanged(_ name: String) throws {
    let tree = ProcTree()
    tree.process(10, name: name, parent: 3)
    #expect(try tree.files.process(10).name == KernelName(name))
    #expect(try tree.files.parent(of: 10) == 3)
  }

  @Test func invalidUTF8InNamesIsKept() throws {
    let tree = ProcTree()
    tree.process(10)
    let line = ProcTree.stat(10, "x", "S", 1, 0, 1, 1).utf8.flatMap { byte in
      byte == UInt8(ascii: "x") ? [0x61, 0xff, 0x62] : [byte]
    }
    tree.file("10/stat", line)
    #expect(try tree.files.process(10).name == KernelName(bytes: [0x61, 0xff, 0x62]))
  }

  @Test(arguments: [
    ("/usr/bin/java", "/usr/bin/java"), ("/usr/bin/java (deleted)", "/usr/bin/java"),
    ("/opt/x (deleted)/java", "/opt/x (deleted)/java"),
    ("/opt/x (deleted) (deleted)", "/opt/x (deleted)"),
  ])
  func theKernelsDeletedMarkIsRemoved(_ target: String, _ executable: String) throws {
    let tree = ProcTree()
    tree.process(10)
    remove(tree.path("10/exe"))
    tree.link("10/exe", to: target)
    #expect(try tree.files.process(10).executable == KernelName(executable))
  }

  @Test(arguments: [
    "", "Uid:\n", "Uid:\tx\t0\t0\t0\n", "Uid:\t4294967296\t0\n", "NotUid:\t5\n", "Gid:\t5\n",
  ])
  func missingUsersAreUnknown(_ status: String) throws {
    let tree = ProcTree()
    tree.process(10)
    tree.file("10/status", status)
    #expect(try tree.files.process(10).userID == nil)
  }

  @Test(arguments: [-1, 0, 11])
  func unusedPidsAreReported(_ pid: Int32) {
    let tree = ProcTree()
    tree.process(10)
    let gone = ProcessProblem.noSuchProcess(pid: pid)
    #expect(throws: gone) { try tree.files.process(pid) }
    #expect(throws: gone) { try tree.files.startTicks(of: pid) }
    #expect(throws: gone) { try tree.files.parent(of: pid) }
    #expect(throws: gone) { try tree.files.ancestors(of: pid) }
    #expect(throws: gone) { try tree.files.descriptorCount(of: pid) }
    #expect(throws: gone) { try tree.files.networkNamespace(of: pid) }
  }

  @Test func malformedStatIsAnErrorIfNeeded() throws {
    let tree = ProcTree()
    tree.process(10)
    tree.file("10/stat", "10 (app")
    let malformed = ProcessProblem.malformed(tree.root.appending("10").appending("stat"))
    #expect(throws: malformed) { try tree.files.startTicks(of: 10) }
    #expect(throws: malformed) { try tree.files.parent(of: 10) }
    #expect(throws: malformed) { try tree.files.ancestors(of: 10) }
    #expect(try tree.files.process(10).identity.startTicks == nil)
  }

  @Test func missingRootsAreNotMissingProcesses() {
    let root: FilePath = "/nonexistent/proc"
    #expect(throws: ProcessProblem.unreadable(root, .noSuchFileOrDirectory)) {
      try ProcFileSystem(root: root).process(1)
    }
  }

  // MARK: Parents

  @Test func ancestorsAreAllParents() throws {
    let tree = ProcTree()
    tree.process(1, parent: 0, start: 1)
    tree.process(20, parent: 1, start: 20)
    tree.process(10, parent: 20, start: 30)
    tree.process(30, parent: 10, start: 40)
    #expect(
      try tree.files.ancestors(of: 30) == [
        ProcessIdentity(pid: 10, startTicks: 30), ProcessIdentity(pid: 20, startTicks: 20),
        ProcessIdentity(pid: 1, startTicks: 1),
      ])
    #expect(try tree.files.ancestors(of: 1) == [])
    #expect(try tree.files.parent(of: 1) == nil)
  }

  @Test func hiddenParentsEndTheChain() throws {
    let tree = ProcTree()
    tree.process(20, parent: 5, start: 20)
    tree.process(30, parent: 20, start: 40)
    #expect(
      try tree.files.ancestors(of: 30) == [
        ProcessIdentity(pid: 20, startTicks: 20), ProcessIdentity(pid: 5, startTicks: nil),
      ])
  }

  @Test func circularParentsAreAnError() {
    let tree = ProcTree()
    tree.process(10, parent: 11)
    tree.process(11, parent: 12)
    tree.process(12, parent: 11)
    tree.process(13, parent: 13)
    for pid in [10, 11, 13] as [Int32] {
      #expect(throws: ProcessProblem.inconsistentParents(pid: pid)) {
        try tree.files.ancestors(of: pid)
      }
    }
  }

  @Test func longChainsAreFollowedToTheEnd() throws {
    let tree = ProcTree()
    for pid in 1...300 as ClosedRange<Int32> {
      tree.file("\(pid)/stat", ProcTree.stat(pid, "x", "S", pid - 1, 0, 1, Int(pid)))
    }
    #expect(try tree.files.ancestors(of: 300).map(\.pid) == (1...299).reversed())
  }

  // MARK: Descriptors

  @Test func descriptorsOfACopyAreCounted() throws {
    let tree = ProcTree()
    tree.process(10, links: [0: "/dev/null", 1: "pipe:[1]", 77: "socket:[1]"])
    tree.process(11)
    #expect(try tree.files.descriptorCount(of: 10) == 3)
    #expect(try tree.files.descriptorCount(of: 11) == 0)
  }
}

extension ProcFileSystem {
  /// The parent of a process; nil if it has none in the pid namespace of the reader.
  func parent(of pid: Int32) throws(ProcessProblem) -> Int32? {
    let parent = try status(of: pid).parent
    return parent == 0 ? nil : parent
  }
}
