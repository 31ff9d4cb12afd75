import Glibc
import TestSupport
import Testing

@testable import ProcessTable

/// Whether a `/proc` shows its reader every process.
@Suite struct ViewLimitTests {
  private static let noCapability = "CapEff:\t0000000000000000\n"
  private static let ptrace = "CapEff:\t0000000000080000\n"

  /// The limits for a reader with this `status`, if `/proc` is mounted with these options.
  private func limits(
    _ options: String, status: String = noCapability + "Gid:\t9\t9\t9\t1000\nGroups:\t5 7 \n",
    userNamespace: String = "user:[4026531837]"
  ) -> [ViewLimit] {
    let tree = ProcTree()
    tree.file("self/mountinfo", "22 27 0:21 / /proc rw,nosuid shared:5 - proc proc \(options)\n")
    tree.file("self/status", "Name:\tCapEff:\\nGroups:\t0\n" + status)
    tree.link("self/ns/user", to: userNamespace)
    return tree.files.viewLimits()
  }

  @Test(arguments: ["1", "2", "4", "invisible", "noaccess", "ptraceable", "sixth"])
  func hidepidLimitsOrdinaryReaders(mode: String) {
    #expect(limits("rw,hidepid=\(mode)") == [.hidepid(mode)])
    #expect(limits("rw,gid=4,hidepid=\(mode)") == [.hidepid(mode)])
  }

  @Test(arguments: ["1", "2", "noaccess", "invisible"])
  func theGroupOfTheMountIsExempt(mode: String) {
    #expect(limits("rw,gid=1000,hidepid=\(mode)") == [], "the group for file access")
    #expect(limits("rw,gid=7,hidepid=\(mode)") == [], "a supplementary group")
    #expect(limits("rw,gid=9,hidepid=\(mode)") == [.hidepid(mode)], "the real group does not count")
    let root = Self.noCapability + "Gid:\t0\t0\t0\t0\nGroups:\t\n"
    #expect(limits("rw,hidepid=\(mode)", status: root) == [], "group 0 is the default")
  }

  @Test(arguments: ["4", "ptraceable"])
  func noGroupIsExemptFromPtraceable(mode: String) {
    #expect(limits("rw,gid=7,hidepid=\(mode)") == [.hidepid(mode)])
  }

  @Test(arguments: ["2", "4", "invisible", "noaccess", "ptraceable"])
  func readersWithSysPtraceAreExempt(mode: String) {
    #expect(limits("rw,hidepid=\(mode)", status: Self.ptrace) == [])
    #expect(
      limits("rw,hidepid=\(mode)", status: Self.ptrace, userNamespace: "user:[4026532201]")
        == [.hidepid(mode)], "a capability in another user namespace does not count here")
  }

  @Test(arguments: ["rw", "rw,hidepid=0", "rw,hidepid=off", "rw,nohidepid=2", "rw,subset=pid"])
  func otherOptionsHideNothing(options: String) {
    #expect(limits(options) == [])
  }

  @Test func unreadableStatusExemptsNobody() {
    #expect(limits("rw,gid=7,hidepid=2", status: "") == [.hidepid("2")])
  }

  @Test(arguments: [
    "", "\n", "garbage\n", "22 27 0:21 / /proc rw,hidepid=2 - proc proc rw\n",
    "22 27 0:21 / /proc rw - tmpfs proc rw,hidepid=2\n",
    "22 27 0:21 / /elsewhere rw - proc proc rw,hidepid=2\n", "22 27 0:21 / /proc rw - proc\n",
  ])
  func onlyTheMountOfProcCounts(lines: String) {
    let tree = ProcTree()
    tree.file("self/mountinfo", lines)
    #expect(tree.files.viewLimits() == [])
  }

  @Test func laterMountsCoverEarlierOnes() {
    let tree = ProcTree()
    tree.file(
      "self/mountinfo",
      """
      22 27 0:21 / /proc rw - proc proc rw,hidepid=1
      23 27 0:22 / /proc rw master:1 shared:2 - proc proc rw,hidepid=invisible

      """)
    #expect(tree.files.viewLimits() == [.hidepid("invisible")])
  }

  @Test func otherPidNamespacesAreALimit() {
    let tree = ProcTree()
    tree.link("self/ns/pid", to: "pid:[4026532201]")
    #expect(tree.files.viewLimits() == [.pidNamespace])
    tree.process(2, name: "kthreadd")
    #expect(tree.files.viewLimits() == [.pidNamespace], "a program with that name")
  }

  @Test func theMachinesProcShowsEverythingInAContainer() {
    let tree = ProcTree()
    tree.link("self/ns/pid", to: "pid:[4026532201]")
    tree.process(2, name: "kthreadd", flags: 0x0020_8040)
    #expect(tree.files.viewLimits() == [])
  }

  @Test func copiesWithoutLimitsAreComplete() {
    #expect(ProcTree().files.viewLimits() == [])
  }

  @Test func limitsMakeTheTableIncomplete() throws {
    let tree = ProcTree()
    tree.process(10, links: [3: "socket:[100]"])
    tree.link("self/ns/pid", to: "pid:[4026532201]")
    for wanted in [InodeSet([100]), InodeSet(), .everySocket] {
      let table = try tree.files.findOwners(of: wanted, threads: 1)
      #expect(table.limits == [.pidNamespace] && !table.isComplete)
      let walked = try tree.files.startFindingOwners(threads: 1).finish(wanted: wanted)
      #expect(walked.limits == [.pidNamespace])
    }
  }

  @Test func callablePidsBelongToTheReadersNamespace() {
    #expect(ProcFileSystem().callablePid(of: 1) == 1)
    let tree = ProcTree()
    #expect(tree.files.callablePid(of: 7) == 7, "a copy does not show its reader")
    // No process of this machine has this pid.
    tree.link("self", to: "99999999")
    tree.file("500/status", "Name:\tinside\nNSpid:\t500\t7\n")
    #expect(tree.files.callablePid(of: 500) == nil, "the depth of the reader is unknown")
    tree.file("99999999/status", "Name:\tconnreap\nNSpid:\t99999999\t12\n")
    #expect(tree.files.callablePid(of: 500) == 7)
    tree.file("501/status", "Name:\tdeeper\nNSpid:\t501\t8\t1\n")
    #expect(tree.files.callablePid(of: 501) == 8)
    tree.file("502/status", "Name:\toutside\nNSpid:\t502\n")
    #expect(tree.files.callablePid(of: 502) == nil)
  }

  @Test func theOwnPidComesFromTheRoot() throws {
    #expect(try ProcFileSystem().ownPid() == getpid())
    let tree = ProcTree()
    #expect(throws: ProcessProblem.self) { try tree.files.ownPid() }
    tree.link("self", to: "812")
    #expect(try tree.files.ownPid() == 812)
  }
}
