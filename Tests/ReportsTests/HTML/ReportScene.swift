import Connections
import ProcessTable

@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// Sample contents of a page.
enum ReportScene {
  static func place(selection: String = "") -> ReportContents.Place {
    ReportContents.Place(
      version: "0.1.0", host: "db1", kernel: "6.18", networkNamespaces: ["4026531833"],
      uptime: 90_000_000, time: LogTime(milliseconds: 1_795_239_770_123), selection: selection,
      stateFolder: "/var/lib/connreap", took: 12)
  }

  static func counts(_ states: KeyValuePairs<TCPState, Int>) -> StateCounts {
    var counts = StateCounts()
    for (state, count) in states { for _ in 0..<count { counts.add(state) } }
    return counts
  }

  static func process(
    _ label: String, pid: Int32 = 1744, leaked: Int, closeWait: Int? = nil, longIdle: Int = 0
  ) -> LeakSurvey.Process {
    var process = LeakSurvey.Process(
      label: label, identity: ProcessIdentity(pid: pid, startTicks: 1))
    process.leaked = leaked
    process.figures.closeWait = closeWait ?? leaked
    process.figures.count = process.figures.closeWait + longIdle
    process.figures.longIdle = longIdle
    process.figures.oldestIdle = 7_200_000
    process.longest = 7_200_000
    process.peer =
      leaked > 0 ? LeakSurvey.Peer(name: "10.0.0.20:5432", count: max(1, leaked - 1)) : nil
    return process
  }

  static func queue(
    _ local: String = "*:8080", process: String = "java[1744] fd 4", waiting: Int = 0,
    backlog: Int = 128
  ) -> ReportContents.Queue {
    ReportContents.Queue(
      local: local, process: process, waiting: waiting, backlog: backlog,
      isFull: waiting > backlog, load: Double(waiting) / Double(max(1, backlog)), synQueue: 0,
      connections: 402, closeWait: 312, sharers: 1, limit: "its own backlog of \(backlog)")
  }

  static func decision(_ number: Int = 0, result: String = "closed") -> AuditSummary.Decision {
    AuditSummary.Decision(
      time: LogTime(milliseconds: 1_795_239_000_000 + Int64(number) * 1000), result: result,
      state: "CLOSE-WAIT", local: "10.0.0.5:50122", peer: "10.0.0.20:5432", owners: "java[1744]",
      origin: "policy pool-leak", reason: nil)
  }

  static let checks = [
    Check(id: "a", severity: .well, title: "closing sockets", detail: "SOCK_DESTROY"),
    Check(
      id: "b", severity: .problem, title: "accept queues", detail: "*:8080 full",
      remedy: "sysctl -w net.core.somaxconn=4096"),
    Check(id: "c", severity: .warning, title: "owner visibility", detail: "34 cannot be read"),
    Check(id: "d", severity: .note, title: "keepalive", detail: "tcp_keepalive_time 7200"),
  ]

  /// A healthy machine on which everything is readable.
  static var calm: ReportContents {
    var contents = ReportContents(place: place())
    contents.ipv4 = counts([.established: 3, .listen: 1])
    contents.history = .read(())
    contents.queues = .read([queue()])
    contents.acceptFigures.overflows = 0
    contents.acceptFigures.drops = 0
    contents.acceptFigures.synQueueDrops = 0
    contents.decisions = .read(AuditSummary())
    contents.findings = .read([checks[0], checks[3]])
    return contents
  }

  /// A machine with every kind of problem.
  static var bad: ReportContents {
    var contents = calm
    contents.ipv4 = counts([.established: 890, .closeWait: 324, .listen: 9])
    contents.ipv6 = counts([.timeWait: 18])
    var java = process("java[1744]", leaked: 312, closeWait: 324, longIdle: 61)
    java.growth = LeakSurvey.Growth(
      policy: "pool-leak", perHour: 300, time: 3_600_000, rounds: 5, firstCount: 12, closed: 200)
    java.room = DescriptorRoom(open: 3901, limit: 4096)
    java.firstSeen = 86_400_000
    contents.leaks.processes = [
      java, process("app[2210]", pid: 2210, leaked: 9),
      process("idler[3]", pid: 3, leaked: 0, longIdle: 4),
    ]
    contents.queues = .read([queue(waiting: 129), queue("*:443", waiting: 3, backlog: 511)])
    var summary = AuditSummary()
    summary.totals = [
      AuditSummary.Total(policy: "pool-leak", counts: ["closed": 312, "spared": 1, "failed": 2]),
      AuditSummary.Total(policy: nil, counts: ["closed": 3]),
    ]
    summary.latest = [decision(1, result: "failed"), decision(0)]
    summary.times = summary.latest[1].time...summary.latest[0].time
    contents.decisions = .read(summary)
    contents.findings = .read(checks)
    return contents
  }
}
