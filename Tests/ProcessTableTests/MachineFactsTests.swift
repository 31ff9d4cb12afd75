import Connections
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import ProcessTable

@Suite struct MachineFactsTests {
  private let bootIDName = "sys/kernel/random/boot_id"

  @Test func theBootIDHasNoNewline() throws {
    let tree = ProcTree()
    tree.file(bootIDName, "d60437a2-5358-41c9-a5d2-9ac329c127ce\n")
    #expect(try tree.files.bootID() == "d60437a2-5358-41c9-a5d2-9ac329c127ce")
  }

  @Test(arguments: ["", "\n", "d60437a2", "d60437a2-5358-41c9-a5d2-9ac329c127c/\n"])
  func otherBootIDsAreMalformed(_ content: String) {
    let tree = ProcTree()
    tree.file(bootIDName, content)
    #expect(throws: ProcessProblem.malformed(tree.root.pushing(FilePath(bootIDName)))) {
      try tree.files.bootID()
    }
  }

  @Test func missingFilesAreAnError() {
    let tree = ProcTree()
    let missing = ProcessProblem.unreadable(
      tree.root.pushing(FilePath(bootIDName)), .noSuchFileOrDirectory)
    #expect(throws: missing) { try tree.files.bootID() }
  }

  @Test func namespacesAreReadFromDanglingLinks() throws {
    let tree = ProcTree()
    tree.link("10/ns/net", to: "net:[4026531833]")
    tree.link("10/ns/pid", to: "pid:[18446744073709551615]")
    tree.link("self/ns/net", to: "net:[5]")
    #expect(try tree.files.networkNamespace(of: 10) == 4_026_531_833)
    #expect(try tree.files.pidNamespace(of: 10) == .max)
    #expect(try tree.files.networkNamespace() == 5)
    let missing = tree.root.pushing("self/ns/pid")
    #expect(throws: ProcessProblem.unreadable(missing, .noSuchFileOrDirectory)) {
      try tree.files.pidNamespace()
    }
  }

  @Test(arguments: ["net:[]", "net:[x]", "net:[5", "pid:[5]", "net:5]", "", "net:[-5]"])
  func otherNamespacesAreMalformed(_ target: String) {
    let tree = ProcTree()
    if target.isEmpty {
      tree.link("self/ns/net", to: "x")
    } else {
      tree.link("self/ns/net", to: target)
    }
    #expect(throws: ProcessProblem.malformed(tree.root.pushing("self/ns/net"))) {
      try tree.files.networkNamespace()
    }
  }

  // MARK: The machine's init

  @Test func pid1OfTheFirstNamespaceIsTheMachinesInit() throws {
    let tree = ProcTree()
    tree.link("1/ns/pid", to: "pid:[4026531836]")
    #expect(try tree.files.isMachineInit(1))
    #expect(try !tree.files.isMachineInit(2))
  }

  @Test func pid1OfAContainerIsNotTheMachinesInit() throws {
    let tree = ProcTree()
    tree.link("1/ns/pid", to: "pid:[4026532201]")
    tree.link("self/ns/pid", to: "pid:[4026531836]")
    #expect(try !tree.files.isMachineInit(1))
  }

  @Test func theOwnNamespaceDecidesIfThatOfPid1IsUnreadable() throws {
    let tree = ProcTree()
    tree.link("self/ns/pid", to: "pid:[4026531836]")
    #expect(try tree.files.isMachineInit(1))
  }

  @Test func kernelThreadsRevealTheMachinesInit() throws {
    let tree = ProcTree()
    tree.link("self/ns/pid", to: "pid:[4026532201]")
    #expect(try !tree.files.isMachineInit(1))
    tree.process(2, name: "kthreadd", flags: 0x0020_8040)
    #expect(try tree.files.isMachineInit(1))
  }

  @Test func unknownNamespacesAreAnError() {
    let tree = ProcTree()
    #expect(throws: ProcessProblem.self) { try tree.files.isMachineInit(1) }
  }

  // MARK: This machine

  @Test func thisMachineCanBeRead() throws {
    let files = ProcFileSystem()
    #expect(try files.bootID().count == 36)
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    let now = UInt64(time.tv_sec) * 1000
    #expect(now.distance(to: try #require(SystemClock.uptime)).magnitude < 60_000)
    let reading = try #require(SystemClock.reading)
    #expect(reading.uptime >= now)
    #expect((reading.wall / 1000).distance(to: Int64(Glibc.time(nil))).magnitude < 60)
    var status = stat()
    stat("/proc/self/ns/net", &status)
    #expect(try files.networkNamespace() == UInt64(status.st_ino))
    #expect(try files.networkNamespace(of: getpid()) == UInt64(status.st_ino))
    stat("/proc/self/ns/pid", &status)
    #expect(try files.pidNamespace() == UInt64(status.st_ino))
    #expect(try !files.isMachineInit(getpid()) || getpid() == 1)
  }
}
