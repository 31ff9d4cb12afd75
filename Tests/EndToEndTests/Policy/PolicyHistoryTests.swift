import FoundationEssentials
import Glibc
import Testing

/// Policies with a history, on the real kernel.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct PolicyHistoryTests {
  let namespace: NetworkNamespace
  let folder: TemporaryDirectory
  let listener: Socket

  init() throws {
    namespace = try NetworkNamespace()
    folder = try TemporaryDirectory()
    #expect(chmod(namespace.state.path, 0o700) == 0)
    try namespace.server.rename("leaky")
    listener = try namespace.server.listen("pool", port: 8080)
  }

  func policy(_ verb: String, _ arguments: String...) throws -> CommandResult {
    try namespace.connreap(["policy", verb, "--state-dir", namespace.state.path] + arguments)
  }

  /// The cookies of the connections in CLOSE-WAIT.
  var leaks: Set<String> {
    get throws { Set(try namespace.rows("--state", "close-wait").map(\.cookie)) }
  }

  /// Another wave of leaked connections with names of their own.
  func wave(_ number: Int, of count: Int) throws -> [Socket] {
    try (0..<count).map { index in
      let pair = try namespace.pair(to: listener, as: "wave-\(number)-\(index)")
      try pair.client.finish()
      // Each is older than the next in the kernel's milliseconds.
      pause(for: .milliseconds(15))
      return pair.server
    }
  }

  func read(_ name: String) -> String? {
    try? String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
  }

  /// A program that appends its messages to the file `told`.
  func pager(_ lines: String = "") throws -> String {
    try folder.write(
      "page", "#!/bin/sh\ncat >> \(folder.path)/told\n\(lines)\n", mode: 0o700)
  }

  /// The history of a leak: nothing is closed too early, then the oldest but never the newest. If
  /// that does not help, the policy gives up and notifies.
  @Test func watchesALeakAndGivesUp() throws {
    let file = try folder.write(
      "leak.yaml",
      """
      version: 1
      policies:
        - name: pool-leak
          match:
            state: close-wait
          in-state: 1s
          group-by: process
          threshold: 3
          keep: 2
          action: destroy
          limit: 50
          seen: 2
          give-up-after: 2
          notify: ["\(try pager())", "--urgent"]

      """)
    var waves: [[String]] = []
    func leak(waiting: Bool = true) throws {
      waves.append(try wave(waves.count, of: 4).map(\.cookie))
      if waiting { pause(for: .milliseconds(1300)) }
    }
    func run() throws -> CommandResult {
      let ended = try policy("apply", file)
      #expect(ended.status == 0, "\(ended.errorText)")
      return ended
    }

    // 1: too young.
    try leak(waiting: false)
    let first = try run()
    #expect(first.text.contains("4 left open: for less than 1s"))
    #expect(try leaks == Set(waves[0]))

    // 2: old enough, seen for the first time.
    pause(for: .milliseconds(1300))
    let second = try run()
    #expect(second.text.contains("4 left open: seen in 1 of 2 required runs"))
    #expect(try leaks == Set(waves[0]))

    // 3: seen twice: the two oldest are closed, the two newest kept.
    try leak()
    let planned = try policy("plan", file)
    #expect(planned.text.contains("2 of 4 will be closed (threshold 3, newest 2 kept)"))
    #expect(planned.text.contains("in 2 runs, oldest ≥ "), "\(planned.text)")
    let third = try run()
    #expect(third.text.contains("closed 2, gone 0, failed 0"), "\(third.text)")
    #expect(try leaks == Set(waves[0].suffix(2) + waves[1]))

    // 4: the second closing.
    try leak()
    let fourth = try run()
    #expect(fourth.text.contains("closed 4, gone 0, failed 0"), "\(fourth.text)")
    #expect(try leaks == Set(waves[1].suffix(2) + waves[2]))
    #expect(read("told") == nil)

    // 5: the leak comes back: the policy gives up and notifies.
    try leak()
    let fifth = try run()
    let left = Set(waves[1].suffix(2) + waves[2] + waves[3])
    #expect(try leaks == left)
    #expect(fifth.text.contains("given up after 2 runs"), "\(fifth.text)")
    #expect(fifth.text.contains("leaky[\(namespace.server.pid)] leaks to 127.0.0.1"))
    #expect(fifth.text.contains("descriptors left"))
    let told = try #require(read("told"))
    let report = try JSONDecoder().decode(Report.self, from: Data(told.utf8))
    #expect(report.event == "leak" && report.policy == "pool-leak")
    #expect(report.run == (try AuditedRun.all(in: namespace.state.path).last?.run))
    #expect(report.groups.count == 1 && report.groups.first?.new == true)
    let reported = try #require(report.groups.first?.leak)
    #expect(reported.rounds == 2)
    #expect(reported.peer.address == "127.0.0.1")
    #expect(reported.process.pid == namespace.server.pid)
    #expect(reported.process.name == "leaky")
    #expect(reported.growth > 0)
    let process = reported.process
    #expect(process.left == process.limit - process.open && process.left > 0)

    // 6: still given up, without another notification.
    try leak()
    #expect(try run().text.contains("given up after 2 runs"))
    #expect(try leaks == left.union(waves[4]))
    #expect(read("told") == told)
    #expect(try policy("apply", "--quiet", file).text.contains("leaks to"), "cron mails it")
  }

  private struct Report: Decodable {
    struct Leak: Decodable {
      struct Peer: Decodable { let address: String }
      struct Process: Decodable {
        let pid: Int32
        let name: String
        let open: Int
        let limit: Int
        let left: Int
        private enum CodingKeys: String, CodingKey {
          case pid, name
          case open = "descriptors_open"
          case limit = "descriptors_limit"
          case left = "descriptors_left"
        }
      }
      let rounds: Int
      let peer: Peer
      let growth: Int
      let process: Process
      private enum CodingKeys: String, CodingKey {
        case rounds, peer, process
        case growth = "growth_per_hour"
      }
    }
    struct Group: Decodable {
      let new: Bool
      let leak: Leak
    }
    let event: String
    let policy: String
    let run: String
    let groups: [Group]
  }

  static let twice = """
    version: 1
    policies:
      - name: twice
        match:
          state: close-wait
        action: destroy
        seen: 2

    """

  @Test func aPlanCountsTheRunButSavesNothing() throws {
    let file = try folder.write("leak.yaml", Self.twice)
    _ = try wave(0, of: 2)
    for _ in 0..<3 {
      #expect(try policy("plan", file).text.contains("2 left open: seen in 1 of 2 required runs"))
    }
    #expect(access(namespace.state.path + "/connreap.db", F_OK) != 0)
    #expect(try policy("apply", file).status == 0)
    for _ in 0..<3 { #expect(try policy("plan", file).text.contains("2 of 2 will be closed")) }
    #expect(try leaks.count == 2)
  }

  /// Its content cannot be trusted, so nothing is closed because of it.
  @Test func setsADamagedDatabaseAsideAndReportsIt() throws {
    let file = try folder.write("leak.yaml", Self.twice)
    _ = try wave(0, of: 2)
    #expect(try policy("apply", file).status == 0)
    _ = try namespace.state.write("connreap.db", String(repeating: "no database\n", count: 900))
    let ended = try policy("apply", file)
    #expect(ended.status == 0)
    #expect(ended.errorText.contains("connreap.db is damaged"))
    #expect(try leaks.count == 2, "counting starts again")
    #expect(try policy("apply", file).errorText == "")
    #expect(try leaks.isEmpty)
  }

  @Test(arguments: ["link", "writable", "folder"])
  func refusesAForeignDatabaseAndClosesNothing(kind: String) throws {
    let file = try folder.write("leak.yaml", PolicyTests.pileUp)
    _ = try wave(0, of: 3)
    let database = namespace.state.path + "/connreap.db"
    switch kind {
    case "link": #expect(symlink(try folder.write("target", ""), database) == 0)
    case "writable": _ = try namespace.state.write("connreap.db", "", mode: 0o666)
    default: #expect(mkdir(database, 0o700) == 0)
    }
    let ended = try policy("apply", file)
    #expect(ended.status == 1)
    #expect(ended.errorText.contains("connreap.db"))
    #expect(ended.errorText.contains("nothing was closed"))
    #expect(try leaks.count == 3)
  }

  @Test func reportsAFailedProgramAndRunsItAgain() throws {
    let page = try pager("exit 3")
    let report = """
      version: 1
      policies:
        - name: tell
          match:
            state: close-wait
          group-by: process
          threshold: 2
          action: report
          notify: ["\(page)"]

      """
    let file = try folder.write("leak.yaml", report)
    _ = try wave(0, of: 2)
    for runs in 1...2 {
      let ended = try policy("apply", file)
      #expect(ended.status == 1, "a failure, which OnFailure= and monitoring see")
      #expect(ended.errorText.contains("\(page) exited with status 3"))
      #expect(read("told")?.split(separator: "\n").count == runs)
    }
    _ = try pager()
    for _ in 0..<2 { #expect(try policy("apply", file).errorText == "") }
    #expect(read("told")?.split(separator: "\n").count == 3, "notified once")
  }
}
