import Connections
import Glibc
import Netlink
import ProcessTable
import Selection
import SystemPackage
import TestSupport
import Testing

@testable import Operations
@testable import Scanning

/// Which network namespaces are examined for a selection and `--netns`.
///
/// In the hand-made `/proc`, process 7 is in the namespace of this test, which is not the one that
/// connreap seems to run in.
@Suite struct ExaminedNamespacesTests {
  private let tree = ProcTree()
  private let otherInode: UInt64

  init() throws {
    otherInode = try ProcFileSystem().networkNamespace()
    tree.file("self/mountinfo", "")
    tree.process(7)
    tree.link("7/ns/net", to: "/proc/self/ns/net")
    tree.process(9)
    tree.link("9/ns/net", to: "/dev/null")
  }

  private func examined(
    netns: [String] = [], _ predicate: SelectionPredicate = .everything, isLive: Bool = true
  ) throws(CommandFailure) -> ExaminedNamespaces {
    try ExaminedNamespaces(
      of: FakeSystem.source(processes: tree.files, isLive: isLive), netns: netns,
      selecting: predicate)
  }

  private func inodes(_ examined: ExaminedNamespaces) -> [UInt64?] {
    examined.sources.map(\.namespace.inode)
  }

  private func term(_ name: NamespaceName) -> SelectionPredicate {
    .term(.namespace(NamespaceTerm(name)))
  }

  @Test func withoutANameTheCurrentOneIsExamined() throws {
    let examined = try examined()
    #expect(examined.isCurrentOnly)
    #expect(examined.notices.isEmpty)
    #expect(examined.verdicts(of: .own) == [0: .yes])
    #expect(examined.verdicts(of: .all) == [0: .yes])
    #expect(examined.verdicts(of: .containers) == [0: .yes])
    #expect(examined.verdicts(of: .process(7)) == [0: .unknown])
  }

  @Test func theOptionNamesThem() throws {
    let examined = try examined(netns: ["7"])
    #expect(inodes(examined) == [otherInode])
    #expect(!examined.isCurrentOnly)
    #expect(examined.verdicts(of: .process(7)) == [0: .yes])
    #expect(examined.verdicts(of: .own) == [0: .no])
    #expect(examined.verdicts(of: .containers) == [0: .no])
  }

  @Test func aNamespaceThatIsNamedTwiceIsExaminedOnce() throws {
    tree.process(8)
    tree.link("8/ns/net", to: "/proc/self/ns/net")
    let examined = try examined(netns: ["7,8", "/proc/self/ns/net"])
    #expect(inodes(examined) == [otherInode])
    #expect(examined.verdicts(of: .process(8)) == [0: .yes])
  }

  @Test func aTermLimitsThemToWhereItCanSelect() throws {
    #expect(inodes(try examined(term(.process(7)))) == [otherInode])
    #expect(try examined(.not(term(.process(7)))).isCurrentOnly)
    let both = try examined(.any([term(.own), term(.process(7))]))
    #expect(both.sources.map(\.namespace.isOwn) == [true, false])
    #expect(both.verdicts(of: .process(7)) == [0: .no, 1: .yes])
  }

  @Test func withTheOptionATermOnlyReadsTheInode() throws {
    let examined = try examined(netns: ["7"], .not(term(.process(7))))
    #expect(inodes(examined) == [otherInode])
    #expect(examined.verdicts(of: .process(7)) == [0: .yes])
  }

  @Test func containersWithoutProcessesAddNothing() throws {
    let container = try #require(ContainerReference("aaaaaaaaaaaa"))
    #expect(try examined(.term(.container(container))).isCurrentOnly)
  }

  @Test func oneThatCannotBeOpenedBecomesAGap() throws {
    let examined = try examined(netns: ["9"])
    #expect(inodes(examined) == [nil])
    #expect(examined.verdicts(of: .process(9)) == [0: .unknown])
    #expect(throws: NetlinkProblem.self) { try examined.sources[0].openTransport() }
  }

  @Test func oneThatIsOnlyComparedBecomesANotice() throws {
    let examined = try examined(netns: ["7"], term(.process(9)))
    #expect(inodes(examined) == [otherInode])
    #expect(examined.notices.count == 1)
    #expect(examined.notices[0].hasPrefix("netns: cannot tell which one 9 is: "))
  }

  @Test func aMissingProcessIsAUsageError() throws {
    for (origin, failing) in [
      ("--netns", { try examined(netns: ["8"]) }),
      ("netns", { try examined(self.term(.process(8))) }),
    ] {
      let failure = try #require(throws: CommandFailure.self) { try failing() }
      #expect(failure.status == .usage)
      #expect(failure.message == "\(origin): there is no process 8")
    }
  }

  @Test func anUnknownNameIsAUsageErrorWithASuggestion() throws {
    let failure = try #require(throws: CommandFailure.self) { try examined(netns: ["al"]) }
    #expect(failure.status == .usage)
    #expect(failure.message?.contains("\"al\"; did you mean \"all\"?") == true)
  }

  @Test func interfacesBelongToTheCurrentNamespace() throws {
    let interface = SelectionPredicate.term(.interface(2))
    #expect(try examined(interface).isCurrentOnly)
    let failure = try #require(throws: CommandFailure.self) {
      try examined(netns: ["7"], interface)
    }
    #expect(failure.status == .usage)
  }

  @Test func aRecordingHasOneNamespace() throws {
    #expect(try examined(term(.process(7)), isLive: false).isCurrentOnly)
  }

  @Test func onlyTheCurrentNamespaceCanBeRecorded() throws {
    let recorder = try ConversationRecorder(to: tree.path("new.rec"), at: FakeSystem.moment)
    let source = ConnectionSource(
      processes: tree.files, moment: FakeSystem.moment, recorder: recorder
    ) { () throws(NetlinkProblem) in FakeKernel([]).open() }
    let failure = try #require(throws: CommandFailure.self) {
      try ExaminedNamespaces(of: source, netns: [], selecting: term(.process(7)))
    }
    #expect(failure.status == .usage)
  }

  @Test func theCurrentNamespaceMustBeKnownToNameOthers() throws {
    var moment = FakeSystem.moment
    moment.networkNamespace = nil
    let source = FakeSystem.source(processes: tree.files, moment: moment)
    #expect(
      try ExaminedNamespaces(of: source, netns: [], selecting: .everything).isCurrentOnly)
    let failure = try #require(throws: CommandFailure.self) {
      try ExaminedNamespaces(of: source, netns: ["7"], selecting: .everything)
    }
    #expect(failure.status == .failed)
    #expect(failure.remedy == "mount /proc")
  }

  @Test func workRunsInEachExceptGaps() {
    let gap = FakeSystem.closedNamespace(3)
    let examined = ExaminedNamespaces([
      FakeSystem.namespace(FakeSystem.ownInode, FakeKernel([])), FakeSystem.closedNamespace(2), gap,
    ])
    let results = examined.enteringEach(
      besides: [
        NamespaceGap(
          namespace: gap.namespace, problem: .cannotList(nil, .cannotEnter(.notPermitted)))
      ]) { $0.namespace.inode }
    #expect(results.map(\.namespace.inode) == [FakeSystem.ownInode, 2])
    #expect(results[0].value == .success(FakeSystem.ownInode))
    #expect(results[1].value == .failure(.notPermitted))
  }
}
