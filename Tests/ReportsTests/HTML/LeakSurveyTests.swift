import Connections
import ProcessTable
import Scanning
import Selection
import TestSupport
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// What counts as a leak, its process, and what earlier runs add.
@Suite struct LeakSurveyTests {
  private let tree = ProcTree()
  private static let uptime: UInt64 = 10 * 86_400_000

  init() { tree.process(9999, name: "bystander") }

  private func snapshot(
    _ sockets: [FakeSocket], memory: RunMemory? = nil
  ) throws -> Snapshot {
    let kernel = FakeKernel(sockets)
    let scanner = Scanner(processes: tree.files, threads: 1) { kernel.open() }
    let moment = ScanMoment(
      bootID: "b", networkNamespace: 4711, uptime: Self.uptime, kernelRelease: "6.18")
    return try scanner.scan(
      ScanRequest(
        .everything, reading: [.figures, .owners, .listeners],
        past: memory.map { PastConnections($0.connections, at: Self.uptime) } ?? .unknown),
      at: moment)
  }

  private func survey(
    _ sockets: [FakeSocket], limit: UInt64 = 60_000, memory: RunMemory? = nil
  ) throws -> LeakSurvey {
    LeakSurvey(of: try snapshot(sockets, memory: memory), limit: limit, memory: memory) { _ in
      DescriptorRoom(open: 10, limit: 1010)
    }
  }

  private func closeWait(
    _ cookie: UInt64, for time: UInt32, peerPort: UInt16 = 5432, peer: [UInt8] = [10, 0, 0, 20]
  ) -> FakeSocket {
    FakeSocket(cookie: cookie, inode: UInt32(cookie)) {
      $0.state = 8
      $0.info = .idle(time)
      // The last data came before the FIN, and before any earlier run.
      $0.info?.lastDataReceived = UInt32(Self.uptime)
      ($0.peer, $0.peerPort) = (peer, peerPort)
    }
  }

  /// Adds a process that holds the sockets with these inodes.
  private func process(_ pid: Int32, _ name: String, _ inodes: ClosedRange<Int>) {
    tree.process(pid, name: name)
    for inode in inodes { tree.link("\(pid)/fd/\(inode)", to: "socket:[\(inode)]") }
  }

  @Test func connectionsClosedLongAgoByTheirPeerAreLeaked() throws {
    process(100, "java", 1...4)
    let survey = try survey([
      closeWait(1, for: 60_000), closeWait(2, for: 59_999), closeWait(3, for: 7_200_000),
      FakeSocket(cookie: 4, inode: 4) { $0.info = .idle(7_200_000) },
    ])
    #expect(survey.leaked == 2 && survey.undecided == 0)
    let java = try #require(survey.processes.first)
    #expect(java.label == "java[100]" && java.leaked == 2 && java.longest == 7_200_000)
    #expect(java.figures.closeWait == 3 && java.figures.longIdle == 2 && java.figures.count == 4)
    #expect(java.firstSeen == nil && java.growth == nil, "there was no earlier run")
    #expect(java.room == DescriptorRoom(open: 10, limit: 1010))
  }

  /// A program may keep sending long after its peer closed its side.
  @Test func connectionsThatStillSendAreNotLeaked() throws {
    process(100, "httpd", 1...1)
    var socket = closeWait(1, for: 7_200_000)
    socket.info?.lastDataSent = 200
    #expect(try survey([socket]).leaked == 0)
  }

  @Test func withoutKernelFiguresTheTimeIsUnknown() throws {
    process(100, "java", 1...1)
    var socket = closeWait(1, for: 0)
    socket.info = nil
    let survey = try survey([socket])
    #expect(survey.leaked == 0 && survey.undecided == 1)
    #expect(survey.processes.first?.figures.closeWait == 1)
  }

  @Test func leaksWithoutAKnownProcessAreCountedSeparately() throws {
    let survey = try survey([closeWait(77, for: 120_000)])
    #expect(survey.leaked == 1 && survey.leakedByUnknown == 1 && survey.processes.isEmpty)
  }

  @Test func aSharedConnectionBelongsToTheLowestPid() throws {
    process(200, "worker", 1...1)
    process(150, "master", 1...1)
    let survey = try survey([closeWait(1, for: 120_000)])
    #expect(survey.processes.map(\.label) == ["master[150]"], "once, not for each process")
  }

  @Test func theWorstComesFirst() throws {
    process(100, "few", 1...1)
    process(101, "most", 2...4)
    process(102, "young", 5...6)
    process(103, "idler", 7...7)
    process(104, "busy", 8...8)
    let survey = try survey([
      closeWait(1, for: 120_000), closeWait(2, for: 120_000), closeWait(3, for: 120_000),
      closeWait(4, for: 120_000), closeWait(5, for: 1), closeWait(6, for: 1),
      FakeSocket(cookie: 7, inode: 7) { $0.info = .idle(4_000_000) },
      FakeSocket(cookie: 8, inode: 8) { $0.info = .idle(4) },
    ])
    #expect(
      survey.processes.map(\.label) == ["most[101]", "few[100]", "young[102]", "idler[103]"])
    #expect(survey.leaking.map(\.label) == ["most[101]", "few[100]"])
    #expect(survey.longIdle == 1)
    #expect(survey.processes[2].room == nil, "only leaking processes have it")
  }

  @Test func theMainPeerHasItsPortIfAllShareIt() throws {
    process(100, "java", 1...5)
    let one = try survey([
      closeWait(1, for: 120_000), closeWait(2, for: 120_000),
      closeWait(3, for: 120_000, peer: [10, 0, 0, 21]),
    ])
    #expect(one.processes[0].peer == LeakSurvey.Peer(name: "10.0.0.20:5432", count: 2))
    let several = try survey([
      closeWait(1, for: 120_000), closeWait(2, for: 120_000, peerPort: 5433),
    ])
    #expect(several.processes[0].peer == LeakSurvey.Peer(name: "10.0.0.20", count: 2))
  }

  // MARK: - Earlier runs

  /// The history of `sockets`, first seen and flagged `ago` milliseconds before, and of the policy.
  private func memory(
    of sockets: [FakeSocket], ago: UInt64, policy: String = "p", rounds: Int, firstCount: Int,
    closed: Int = 0, group: String = "process 100 1000"
  ) throws -> RunMemory {
    let then = Self.uptime - ago
    var memory = RunMemory()
    for connection in try snapshot(sockets).connections {
      memory.connections[connection.cookie] = RememberedConnection(connection, at: then)
      memory.flags[FlagKey(policy: policy, cookie: connection.cookie)] = RememberedFlag(
        rules: 1, runs: rounds)
    }
    memory.groups[RememberedGroupKey(policy: policy, group: KernelName(group))] = RememberedGroup(
      rules: 1, rounds: rounds, firstRound: then, firstCount: firstCount, closed: closed)
    return memory
  }

  @Test func growthIsMeasuredSinceTheFirstRun() throws {
    process(100, "java", 1...6)
    let sockets = (1...6).map { closeWait(UInt64($0), for: 120_000) }
    // 4 at first, 10 closed since, 5 flagged ones left: 11 new ones in two hours.
    let memory = try memory(
      of: Array(sockets.prefix(5)), ago: 7_200_000, rounds: 3, firstCount: 4, closed: 10)
    let java = try #require(try survey(sockets, memory: memory).processes.first)
    #expect(
      java.growth
        == LeakSurvey.Growth(
          policy: "p", perHour: 6, time: 7_200_000, rounds: 3, firstCount: 4, closed: 10))
    #expect(java.timeLeft == 600_000_000, "1,000 descriptors at 6 per hour")
    #expect(java.firstSeen == 7_200_000 && java.longest == 7_320_000)
  }

  @Test func oneRunGivesNoGrowth() throws {
    process(100, "java", 1...2)
    let sockets = [closeWait(1, for: 120_000), closeWait(2, for: 120_000)]
    let memory = try memory(of: sockets, ago: 3_600_000, rounds: 1, firstCount: 1)
    let java = try #require(try survey(sockets, memory: memory).processes.first)
    #expect(java.growth == nil && java.timeLeft == nil && java.firstSeen != nil)
  }

  @Test func thePolicyWithTheFastestGrowthCounts() throws {
    process(100, "java", 1...2)
    let sockets = [closeWait(1, for: 120_000), closeWait(2, for: 120_000)]
    var memory = try memory(of: sockets, ago: 3_600_000, rounds: 9, firstCount: 2)
    memory.groups[RememberedGroupKey(policy: "closer", group: "process 100 1000")] =
      RememberedGroup(
        rules: 1, rounds: 2, firstRound: Self.uptime - 3_600_000, firstCount: 2, closed: 50)
    let growth = try #require(try survey(sockets, memory: memory).processes.first?.growth)
    #expect(growth.policy == "closer" && growth.perHour == 48)
  }

  @Test func anotherProcessWithThePidHasNoPast() throws {
    process(100, "java", 1...1)
    let sockets = [closeWait(1, for: 120_000)]
    let memory = try memory(
      of: sockets, ago: 3_600_000, rounds: 5, firstCount: 1, closed: 9, group: "process 100 999")
    #expect(try survey(sockets, memory: memory).processes.first?.growth == nil)
  }

  /// An acknowledgement by the peer resets the kernel's times, but not those of earlier runs.
  @Test func timesOfEarlierRunsCount() throws {
    process(100, "java", 1...1)
    let memory = try memory(
      of: [closeWait(1, for: 1000)], ago: 3_600_000, rounds: 1, firstCount: 1)
    let java = try survey([closeWait(1, for: 1000)], memory: memory).processes.first
    #expect(java?.leaked == 1 && java?.longest == 3_601_000)
  }
}

@Suite struct DescriptorRoomTests {
  @Test func roomAndTimeLeft() {
    let room = DescriptorRoom(open: 4000, limit: 4096)
    #expect(room.left == 96)
    #expect(room.timeLeft(growthPerHour: 48) == 7_200_000)
    #expect(room.timeLeft(growthPerHour: 0) == nil && room.timeLeft(growthPerHour: -1) == nil)
    #expect(DescriptorRoom(open: 5000, limit: 4096).left == 0, "the limit was lowered")
  }

  @Test func unknownStaysUnknown() {
    #expect(DescriptorRoom(open: nil, limit: 4096).left == nil)
    #expect(DescriptorRoom(open: 4, limit: nil).timeLeft(growthPerHour: 4) == nil)
    #expect(DescriptorRoom(open: 0, limit: .max).timeLeft(growthPerHour: 1) == nil, "no limit")
  }

  @Test func anotherProcessWithTheSamePidIsIgnored() throws {
    let tree = ProcTree()
    tree.process(7, name: "a", start: 5)
    let owner = { (start: UInt64?) in
      OwnerProcess(
        identity: ProcessIdentity(pid: 7, startTicks: start), name: "a", executable: nil,
        userID: nil)
    }
    #expect(DescriptorRoom(of: owner(5), tree.files) != nil)
    #expect(DescriptorRoom(of: owner(6), tree.files) == nil)
    #expect(DescriptorRoom(of: owner(nil), tree.files) == nil)
  }
}
