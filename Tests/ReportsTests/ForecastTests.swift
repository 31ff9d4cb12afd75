import Connections
import Netlink
import Scanning
import Selection
import TestSupport
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// Forecasts of `doctor` for processes that policy runs have watched.
@Suite struct ForecastTests {
  private let tree = ProcTree()
  private static let uptime: UInt64 = 10 * 86_400_000
  private static let hour: UInt64 = 3_600_000

  private func snapshot(_ sockets: [FakeSocket], _ memory: RunMemory?) throws -> Snapshot {
    let kernel = FakeKernel(sockets)
    let scanner = Scanner(processes: tree.files, threads: 1) { kernel.open() }
    return try scanner.scan(
      ScanRequest(
        .everything, reading: [.figures, .ownerNames],
        past: memory.map { PastConnections($0.connections, at: Self.uptime) } ?? .unknown),
      at: ScanMoment(
        bootID: "b", networkNamespace: 4711, uptime: Self.uptime, kernelRelease: "6.18"))
  }

  /// `count` sockets in CLOSE_WAIT, the last `others` to another peer.
  private func sockets(_ count: Int, others: Int = 0) -> [FakeSocket] {
    (1...count).map { number in
      FakeSocket(cookie: UInt64(number), inode: UInt32(number)) {
        $0.state = 8
        $0.info = .idle(120_000)
        // The last data came before the FIN, and before any earlier run.
        $0.info?.lastDataReceived = UInt32(Self.uptime)
        ($0.peer, $0.peerPort) = ([10, 0, 0, number > count - others ? 21 : 20], 5432)
      }
    }
  }

  /// `java[1744]` with sockets 1 to `count` and a limit of `limit`.
  private func java(holding count: Int, limit: Int) {
    tree.process(1744, name: "java", start: 1000)
    for inode in 1...count { tree.link("1744/fd/\(inode)", to: "socket:[\(inode)]") }
    tree.file(
      "1744/limits", "Max open files            \(limit)      \(limit)       files\n")
  }

  /// The history of a policy whose first run, `ago` milliseconds before, saw `firstCount` sockets,
  /// and which has closed `closed` of them since.
  private func memory(
    of sockets: [FakeSocket], ago: UInt64 = hour, rounds: Int = 3, firstCount: Int,
    closed: Int = 0, start: Int = 1000
  ) throws -> RunMemory {
    let then = Self.uptime - ago
    var memory = RunMemory()
    for connection in try snapshot(sockets, nil).connections {
      memory.connections[connection.cookie] = RememberedConnection(connection, at: then)
      memory.flags[FlagKey(policy: "p", cookie: connection.cookie)] = RememberedFlag(
        rules: 1, runs: rounds)
    }
    memory.groups[RememberedGroupKey(policy: "p", group: KernelName("process 1744 \(start)"))] =
      RememberedGroup(
        rules: 1, rounds: rounds, firstRound: then, firstCount: firstCount, closed: closed)
    return memory
  }

  private func checks(
    _ sockets: [FakeSocket], past: RunHistory.Remembered
  ) throws -> [Check] {
    var memory: RunMemory?
    if case .known(let found) = past { memory = found }
    return Health(
      machine: MachineCounters(tree.files), snapshot: try snapshot(sockets, memory), past: past
    ).checks
  }

  private func descriptors(_ sockets: [FakeSocket], past: RunHistory.Remembered) throws -> Check {
    try #require(checks(sockets, past: past).first { $0.id == "descriptors" })
  }

  @Test func aLeakIsReportedWithItsPeerAndForecast() throws {
    java(holding: 90, limit: 100)
    let sockets = sockets(90, others: 3)
    // 60 an hour ago, 90 now: the remaining 10 last for 20 minutes.
    let past = RunHistory.Remembered.known(try memory(of: sockets, firstCount: 60))
    let check = try descriptors(sockets, past: past)
    #expect(check.severity == .problem, "the share alone would be a warning")
    #expect(
      check.detail == "90 of 100 (90 %) descriptors; 90 CLOSE-WAIT sockets, "
        + "87 to 10.0.0.20:5432, none idle for 1h. At the rate of the last 1h00m (at least 30 "
        + "per hour) they run out in at most 20m00s. At the limit, it can open no files and accept no "
        + "connections (EMFILE)")
    #expect(check.remedy?.contains("prlimit --pid 1744 --nofile=200") == true)
  }

  @Test func closedConnectionsCountAsGrowth() throws {
    java(holding: 90, limit: 100)
    let sockets = sockets(90)
    let past = RunHistory.Remembered.known(
      try memory(of: sockets, ago: 2 * Self.hour, firstCount: 90, closed: 10))
    let check = try descriptors(sockets, past: past)
    #expect(check.detail.contains("At the rate of the last 2h00m (at least 5 per hour)"))
    #expect(check.detail.contains("they run out in at most 2h00m"))
    #expect(check.detail.contains("90 CLOSE-WAIT sockets to 10.0.0.20:5432"))
    #expect(check.severity == .warning)
  }

  /// The rate follows from the time since the first run.
  @Test(arguments: [(1, 60, "10m00s"), (3, 20, "30m00s"), (30, 2, "5h00m")])
  func theForecastStatesItsTimeSpan(hours: UInt64, rate: Int, left: String) throws {
    java(holding: 90, limit: 100)
    let sockets = sockets(90)
    let memory = try memory(of: sockets, ago: hours * Self.hour, firstCount: 30)
    let check = try descriptors(sockets, past: .known(memory))
    let time = hours == 30 ? "1d06h" : "\(hours)h00m"
    #expect(
      check.detail.contains(
        "At the rate of the last \(time) (at least \(rate) per hour) they run out in at most \(left)"
      ),
      "\(check.detail)")
  }

  @Test func fastGrowthIsReportedDespiteFreeDescriptors() throws {
    java(holding: 90, limit: 1000)
    let sockets = sockets(90)
    func severity(firstCount: Int, ago: UInt64 = Self.hour) throws -> Check.Severity {
      let past = try memory(of: sockets, ago: ago, firstCount: firstCount)
      return try descriptors(sockets, past: .known(past)).severity
    }
    #expect(try severity(firstCount: 30) == .warning, "910 last 15 hours at 60 per hour")
    #expect(try severity(firstCount: 60) == .well, "30 hours")
    let tenMinutes = Self.hour / 6
    #expect(
      try severity(firstCount: 10, ago: tenMinutes) == .warning, "480 per hour, less than 2 hours")
    #expect(try severity(firstCount: 10, ago: tenMinutes - 1) == .well, "too short an observation")
    let flood = try memory(of: sockets, firstCount: 0, closed: 1000)
    #expect(try descriptors(sockets, past: .known(flood)).severity == .problem)
  }

  @Test func unknownGrowthGivesNoForecast() throws {
    java(holding: 90, limit: 100)
    let sockets = sockets(90)
    var pasts: [RunHistory.Remembered] = [.nothing, .known(RunMemory()), .unknown("it is torn")]
    pasts.append(.known(try memory(of: sockets, rounds: 1, firstCount: 10)))
    pasts.append(.known(try memory(of: sockets, ago: 0, firstCount: 10)))
    pasts.append(.known(try memory(of: sockets, firstCount: 90)))
    pasts.append(.known(try memory(of: sockets, firstCount: 10, start: 999)))
    for past in pasts {
      let check = try descriptors(sockets, past: past)
      #expect(!check.detail.contains("rate") && !check.detail.contains("run out"), "\(past)")
      #expect(check.severity == .warning)
    }
  }

  @Test func atTheLimitThereIsNoForecast() throws {
    java(holding: 90, limit: 90)
    let sockets = sockets(90)
    let past = RunHistory.Remembered.known(try memory(of: sockets, firstCount: 60))
    #expect(try !descriptors(sockets, past: past).detail.contains("rate"))
  }

  @Test func anUnreadableHistoryIsOnlyANote() throws {
    java(holding: 2, limit: 100)
    let checks = try checks(sockets(2), past: .unknown("connreap.db is damaged"))
    let history = try #require(checks.first { $0.id == "history" })
    #expect(history.severity == .note)
    #expect(history.detail.hasPrefix("growth of leaks unknown: "))
    #expect(history.detail.hasSuffix(": connreap.db is damaged"))
    #expect(checks.first { $0.id == "descriptors" }?.severity == .well)
    #expect(try !self.checks(sockets(2), past: .nothing).contains { $0.id == "history" })
  }
}
