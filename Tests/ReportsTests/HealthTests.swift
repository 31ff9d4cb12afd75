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

/// The checks of `doctor` on a fake `/proc` and a fake kernel.
@Suite struct HealthTests {
  let tree = ProcTree()

  /// A healthy machine on which everything is readable.
  init() {
    tree.file("sys/fs/file-nr", "615\t0\t100000\n")
    for (name, value) in [
      ("ip_local_port_range", "50000\t50099"), ("tcp_max_tw_buckets", "1000"),
      ("tcp_max_orphans", "1000"), ("tcp_mem", "1000\t2000\t3000"), ("tcp_syncookies", "1"),
      ("tcp_max_syn_backlog", "10"), ("tcp_keepalive_time", "600"), ("tcp_keepalive_intvl", "75"),
      ("tcp_keepalive_probes", "9"), ("tcp_fin_timeout", "60"), ("tcp_tw_reuse", "2"),
    ] { set(name, value) }
    counters()
    tree.file("net/snmp", "Tcp: PassiveOpens CurrEstab\nTcp: 100000 3\n")
    process(100, "java", limit: 20, links: [3: "socket:[11]"])
  }

  func set(_ name: String, _ value: String) {
    tree.file("sys/net/ipv4/\(name)", value + "\n")
  }

  func counters(
    orphans: Int = 0, timeWait: Int = 0, memory: Int = 12, overflows: Int = 0, cookies: Int = 0,
    dropped: Int = 0
  ) {
    tree.file(
      "net/sockstat", "TCP: inuse 3 orphan \(orphans) tw \(timeWait) alloc 9 mem \(memory)\n")
    tree.file(
      "net/netstat",
      "TcpExt: SyncookiesSent ListenOverflows TCPReqQFullDrop\n"
        + "TcpExt: \(cookies) \(overflows) \(dropped)\n")
  }

  func process(
    _ pid: Int32, _ name: String, limit: Int, links: KeyValuePairs<Int32, String>
  ) {
    tree.process(pid, name: name, links: links)
    tree.file("\(pid)/limits", "Max open files            \(limit)      \(limit)       files\n")
  }

  func health(_ sockets: [FakeSocket] = []) throws -> Health {
    let kernel = FakeKernel(sockets)
    let scanner = Scanner(processes: tree.files, threads: 1) { kernel.open() }
    let snapshot = try scanner.scan(
      ScanRequest(.everything, reading: [.figures, .ownerNames]),
      at: ScanMoment(bootID: nil, networkNamespace: nil, uptime: nil, kernelRelease: nil))
    return Health(machine: MachineCounters(tree.files), snapshot: snapshot)
  }

  private func check(_ id: String, _ sockets: [FakeSocket] = []) throws -> Check {
    try #require(try health(sockets).checks.first { $0.id == id })
  }

  @Test func aHealthyMachineHasNoFindings() throws {
    let checks = try health().checks
    #expect(checks.allSatisfy { $0.severity == .well && $0.remedy == nil })
    #expect(
      checks.map(\.id) == [
        "descriptors", "files", "ephemeral-ports", "time-wait", "orphans", "tcp-memory",
        "accept-queues", "syn-queues", "keepalive", "closing-timers",
      ])
  }

  @Test func unreadableValuesAreUnknown() {
    let empty = ProcTree()
    let health = Health(machine: MachineCounters(empty.files), snapshot: nil)
    #expect(health.checks.count == 10)
    for check in health.checks {
      #expect(check.severity == .note && check.detail.hasPrefix("unknown: "), "\(check.id)")
    }
  }

  @Test func descriptorsNearTheLimitAreReportedWithTheirLeaks() throws {
    process(
      200, "leaky", limit: 5,
      links: [
        0: "/dev/null", 3: "socket:[21]", 4: "socket:[21]", 5: "socket:[22]", 6: "socket:[23]",
      ])
    let sockets = [
      FakeSocket(cookie: 1, inode: 21) { $0.state = 8 },
      FakeSocket(cookie: 2, inode: 22) { $0.info = .idle(3_600_000) },
      FakeSocket(cookie: 3, inode: 23) { $0.info = .idle(3_599_999) },
    ]
    let check = try check("descriptors", sockets)
    #expect(check.severity == .problem && check.title == "leaky[200]")
    #expect(
      check.detail == "5 of 5 (100 %) descriptors; 2 CLOSE-WAIT sockets to "
        + "127.0.0.1:40000, 1 connection idle for 1h. "
        + "At the limit, it can open no files and accept no connections (EMFILE)"
    )
    #expect(check.remedy?.contains("connreap list --pid 200 --state close-wait") == true)
    #expect(check.remedy?.contains("prlimit --pid 200 --nofile=10") == true)
    #expect(try health(sockets).checks.count { $0.id == "descriptors" } == 1)
  }

  @Test func leaksAreUnknownWithoutOwners() throws {
    process(200, "leaky", limit: 1, links: [0: "/dev/null"])
    let check = try check("descriptors")
    #expect(check.detail.contains("leaked sockets unknown"))
  }

  @Test func onlyTheProcessesNearestToTheirLimitsAreListed() throws {
    for pid in Int32(200)..<215 { process(pid, "full", limit: 1, links: [0: "/dev/null"]) }
    let checks = try health().checks.filter { $0.id == "descriptors" }
    #expect(checks.count == 11)
    #expect(checks.last?.detail == "5 more processes are near their limits")
  }

  @Test(arguments: [
    (79, Check.Severity.well), (80, .warning), (94, .warning), (95, .problem), (100, .problem),
  ])
  func portsAreCountedByDestination(used: Int, severity: Check.Severity) throws {
    let sockets = (0..<used).map { number in
      FakeSocket(cookie: UInt64(number + 1), inode: 11) {
        $0.localPort = 50_000 + UInt16(number)
        $0.peer = [10, 0, 0, 20]
        $0.peerPort = 5432
        $0.state = number < 3 ? 6 : 1
      }
    }
    // Each destination has its own ports, and accepted connections take none.
    let others = (0..<60).map { number in
      FakeSocket(cookie: UInt64(number + 1000), inode: 11) {
        $0.localPort = 50_000 + UInt16(number)
        $0.peer = [10, 0, 0, 21]
      }
    }
    let check = try check("ephemeral-ports", sockets + others)
    #expect(check.severity == severity)
    #expect(check.detail.contains("\(used) of 100 (\(used) %) to 10.0.0.20:5432"))
    guard severity != .well else { return }
    #expect(check.detail.contains("3 in TIME-WAIT"))
    #expect(check.remedy?.contains("sysctl -w net.ipv4.tcp_tw_reuse=1") == true)
    #expect(check.remedy?.contains("'net.ipv4.ip_local_port_range=10240 65535'") == true)
  }

  @Test func acceptedConnectionsTakeNoEphemeralPorts() throws {
    let listener = FakeSocket(cookie: 1, inode: 11) {
      $0.state = 10
      $0.localPort = 50_001
      $0.local = [0, 0, 0, 0]
      $0.sendQueue = 128
    }
    let accepted = (0..<99).map { number in
      FakeSocket(cookie: UInt64(number + 2), inode: 11) { $0.localPort = 50_001 }
    }
    #expect(try check("ephemeral-ports", [listener] + accepted).detail.hasPrefix("none of 100"))
  }

  @Test(arguments: [(799, Check.Severity.well), (800, .warning), (950, .problem)])
  func timeWaitAndOrphansHaveLimits(used: Int, severity: Check.Severity) throws {
    counters(orphans: used, timeWait: used)
    let (timeWait, orphans) = (try check("time-wait"), try check("orphans"))
    #expect(timeWait.severity == severity && orphans.severity == severity)
    #expect((timeWait.remedy != nil) == (severity != .well))
    if severity == .well { return }
    #expect(timeWait.remedy?.contains("sysctl -w net.ipv4.tcp_max_tw_buckets=2000") == true)
    #expect(orphans.remedy?.contains("net.ipv4.tcp_max_orphans=2000") == true)
  }

  @Test(arguments: [
    (1999, Check.Severity.well), (2000, .warning), (2999, .warning), (3000, .problem),
  ])
  func memoryHasPressureAndALimit(pages: Int, severity: Check.Severity) throws {
    counters(memory: pages)
    let check = try check("tcp-memory")
    #expect(check.severity == severity)
    if severity != .well {
      #expect(check.remedy?.contains("'net.ipv4.tcp_mem=2000 4000 6000'") == true)
    }
  }

  @Test func aFullAcceptQueueIsAProblem() throws {
    counters(overflows: 3)
    let listener = FakeSocket(cookie: 1, inode: 11) {
      $0.state = 10
      $0.local = [0, 0, 0, 0]
      $0.receiveQueue = 5
      $0.sendQueue = 4
    }
    let check = try check("accept-queues", [listener])
    #expect(check.severity == .problem)
    #expect(check.detail.hasPrefix("0.0.0.0:8080 full, 5 of 4; 3 overflows so far"))
    #expect(check.remedy?.contains("connreap listeners") == true)
  }

  /// The setting must never shrink, and raising it does not help a program that requests less.
  @Test(arguments: [
    (4096, 4, nil), (4096, 4096, "8192"), (128, 128, "4096"), (128, 4, nil),
    (65535, 65535, "131070"),
  ])
  func somaxconnIsNamedOnlyIfItIsTheLimit(
    setting: Int, backlog: Int, advice: String?
  ) throws {
    tree.file("sys/net/core/somaxconn", "\(setting)\n")
    let listener = FakeSocket(cookie: 1, inode: 11) {
      $0.state = 10
      ($0.receiveQueue, $0.sendQueue) = (UInt32(backlog + 1), UInt32(backlog))
    }
    let remedy = try #require(try check("accept-queues", [listener]).remedy)
    #expect(remedy.contains("accept faster"))
    #expect(remedy.contains("somaxconn") == (advice != nil))
    if let advice { #expect(remedy.contains("sysctl -w net.core.somaxconn=\(advice) ")) }
  }

  @Test func aWidePortRangeIsNotNarrowed() throws {
    let sockets = (0..<64_000).map { number in
      FakeSocket(cookie: UInt64(number + 1), inode: 11) {
        $0.localPort = 1024 + UInt16(number)
        ($0.peer, $0.peerPort) = ([10, 0, 0, 20], 5432)
      }
    }
    set("ip_local_port_range", "1024\t65535")
    let remedy = try #require(try check("ephemeral-ports", sockets).remedy)
    #expect(!remedy.contains("ip_local_port_range"))
    #expect(remedy == "keep connections open and reuse them")
    set("ip_local_port_range", "1024\t65000")
    #expect(
      try check("ephemeral-ports", sockets).remedy?
        .contains("'net.ipv4.ip_local_port_range=1024 65535'") == true)
  }

  @Test(arguments: [("0", true), ("8", true), ("2", false), ("1", false)])
  func orphanRetriesAreNeverRaised(retries: String, isNamed: Bool) throws {
    counters(orphans: 1000)
    set("tcp_orphan_retries", retries)
    #expect(try check("orphans").remedy?.contains("tcp_orphan_retries=2") == isNamed)
  }

  @Test func unreadableDropsAreUnknown() throws {
    tree.file("net/netstat", "TcpExt: ListenOverflows\nTcpExt: 0\n")
    let check = try check("syn-queues")
    #expect(check.severity == .note && check.detail.hasSuffix("earlier drops unknown"))
  }

  @Test(arguments: [(0, Check.Severity.well), (1, .note), (99, .note), (100, .warning)])
  func overflowsAreRatedAgainstAcceptedConnections(
    overflows: Int, severity: Check.Severity
  ) throws {
    counters(overflows: overflows)
    #expect(try check("accept-queues").severity == severity)
  }

  @Test func unfinishedHandshakesAreAFlood() throws {
    let requests = (0..<8).map { number in
      FakeSocket(cookie: UInt64(number + 1), inode: 0) { $0.state = 3 }
    }
    let flood = try check("syn-queues", requests)
    #expect(flood.severity == .problem && flood.detail.hasPrefix("8 unfinished handshakes"))
    #expect(try check("syn-queues", Array(requests.dropLast())).severity == .well)
    set("tcp_syncookies", "0")
    #expect(try check("syn-queues").severity == .warning)
    #expect(try check("syn-queues").remedy?.contains("net.ipv4.tcp_syncookies=1") == true)
    set("tcp_syncookies", "1")
    counters(cookies: 5)
    #expect(try check("syn-queues").severity == .note)
  }

  @Test(arguments: [(600, Check.Severity.well), (7200, .note), (7201, .warning)])
  func keepaliveIsReportedWithItsLimits(seconds: Int, severity: Check.Severity) throws {
    set("tcp_keepalive_time", "\(seconds)")
    let check = try check("keepalive")
    #expect(check.severity == severity)
    #expect(check.detail.contains("a peer that still answers is never detected"))
    #expect(check.detail.contains("SO_KEEPALIVE"))
    if seconds == 7200 { #expect(check.detail.contains("2h11m")) }
    #expect((check.remedy != nil) == (severity != .well))
  }

  @Test func closingTimersAreReported() throws {
    set("tcp_fin_timeout", "120")
    #expect(try check("closing-timers").severity == .note)
    set("tcp_fin_timeout", "30")
    set("tcp_tw_reuse", "0")
    #expect(try check("closing-timers").detail.contains("not reused for a minute"))
  }

  @Test func openFilesHaveALimit() throws {
    tree.file("sys/fs/file-nr", "96000\t0\t100000\n")
    let check = try check("files")
    #expect(check.severity == .problem && check.detail.contains("ENFILE"))
    #expect(check.remedy?.contains("fs.file-max=200000") == true)
    tree.file("sys/fs/file-nr", "96000\t0\t9223372036854775807\n")
    #expect(try self.check("files").severity == .well)
    #expect(try self.check("files").detail == "96,000 in use, no limit set by fs.file-max")
  }

  @Test func removedSettingsAreNeverRecommended() throws {
    counters(orphans: 1000, timeWait: 1000, memory: 3000, overflows: 1000)
    set("tcp_keepalive_time", "9000")
    let remedies = try health().checks.compactMap(\.remedy)
    #expect(remedies.count >= 5)
    #expect(remedies.allSatisfy { !$0.contains("tcp_tw_recycle") }, "removed in Linux 4.12")
  }
}
