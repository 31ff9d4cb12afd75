import FoundationEssentials
import Glibc
import Testing

/// Notification programs: one message each, limited in time and output, and ended with the run.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct NotificationTests {
  let namespace: NetworkNamespace
  let folder: TemporaryDirectory

  init() throws {
    namespace = try NetworkNamespace()
    folder = try TemporaryDirectory()
    #expect(chmod(namespace.state.path, 0o700) == 0)
  }

  private var state: String { namespace.state.path }

  private func read(_ name: String) -> String? {
    try? String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
  }

  /// A shell script.
  private func program(_ name: String, _ lines: String) throws -> String {
    try folder.write(name, "#!/bin/sh\n\(lines)\n", mode: 0o700)
  }

  /// A file of policies that report, one for each port, each with its program.
  private func policies(_ programs: [String], groupBy: String = "none") throws -> String {
    let text = programs.enumerated().map { index, program in
      """
        - name: tell-\(index)
          match: {state: close-wait, local-port: \(8080 + index)}
          group-by: \(groupBy)
          action: report
          notify: ["\(program)"]

      """
    }.joined()
    return try folder.write("policies.yaml", "version: 1\npolicies:\n" + text)
  }

  private func leak(ports: Range<UInt16>) throws {
    for port in ports {
      let listener = try namespace.server.listen("pool-\(port)", port: port)
      _ = try namespace.closeWaits(1, to: listener)
    }
  }

  private func apply(_ file: String, _ options: String...) throws -> CommandResult {
    try namespace.connreap(
      ["policy", "apply", "--state-dir", state, file] + options, seconds: 120)
  }

  private func isGone(_ pid: Int32) -> Bool {
    guard kill(pid, 0) == 0 else { return true }
    let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ") Z"
    return stat.split(separator: ") ").last?.hasPrefix("Z") == true
  }

  private struct Message: Decodable {
    struct Group: Decodable {
      let group: String
      let new: Bool
      let count: Int
      let threshold: Int
    }
    let event: String
    let policy: String
    let time: String
    let host: String
    let groups: [Group]
    private enum CodingKeys: String, CodingKey { case event, policy, time, host, groups }
  }

  @Test func aPolicySendsOneMessageForAllItsGroups() throws {
    let file = try policies(
      [try program("page", "cat >> \(folder.path)/told")], groupBy: "peer")
    let listener = try namespace.server.listen("pool", port: 8080)
    func leak(_ address: String, _ count: Int) throws {
      for number in 0..<count {
        let client = try namespace.server.connect(
          "c-\(address)-\(number)", to: "127.0.0.1", port: listener.port,
          ["source": .string(address), "source_port": 0])
        _ = try namespace.server.accept("s-\(address)-\(number)", from: listener)
        try client.finish()
      }
    }
    func messages() throws -> [Message] {
      try (read("told") ?? "").split(separator: "\n").map {
        try JSONDecoder().decode(Message.self, from: Data($0.utf8))
      }
    }
    try leak("127.0.0.2", 2)
    try leak("127.0.0.3", 1)
    #expect(try apply(file).status == 0)
    let first = try messages()
    #expect(first.count == 1)
    #expect(first.first?.event == "report" && first.first?.policy == "tell-0")
    #expect(first.first?.groups.map(\.group) == ["127.0.0.2", "127.0.0.3"])
    #expect(first.first?.groups.map(\.count) == [2, 1])
    #expect(first.first?.groups.allSatisfy(\.new) == true)
    #expect(first.first?.time.hasSuffix("Z") == true && first.first?.host.isEmpty == false)
    #expect(try apply(file).status == 0)
    #expect(try messages().count == 1, "nothing is new")
    try leak("127.0.0.4", 3)
    #expect(try apply(file).status == 0)
    let second = try messages()
    #expect(second.count == 2)
    #expect(second.last?.groups.map(\.group) == ["127.0.0.4", "127.0.0.2", "127.0.0.3"])
    #expect(second.last?.groups.map(\.new) == [true, false, false])
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
  func aSignalEndsTheNotification(number: Int32) throws {
    try leak(ports: 8080..<8083)
    let page = try program("page", "echo $$ >> \(folder.path)/pids; sleep 100")
    let file = try policies([page, page, page])
    let running = try namespace.start(["policy", "apply", "--state-dir", state, file])
    try waitUntil("it happens") { read("pids")?.hasSuffix("\n") == true }
    let start = ContinuousClock.now
    running.signal(number)
    let ended = try running.end(within: 60)
    #expect(ContinuousClock.now - start < .seconds(20), "and not after the programs")
    #expect(ended.status == 128 + number, "\(ended.errorText)")
    for name in ["tell-0", "tell-1", "tell-2"] {
      #expect(ended.errorText.contains("policy \(name): notification not done: stopped by SIG"))
    }
    #expect(ended.errorText.contains("3 notifications not done"))
    let pids = (read("pids") ?? "").split(separator: "\n").compactMap { Int32($0) }
    #expect(pids.count == 1)
    for pid in pids { try waitUntil("it happens") { isGone(pid) } }
    let run = try #require(try AuditedRun.all(in: state).last)
    #expect(run.exit == 128 + number && run.failedNotifications == 3)
    // The lock is free, and the next run notifies.
    let next = try policies(["/bin/true", "/bin/true", "/bin/true"])
    #expect(try apply(next).status == 0)
  }

  @Test func theTimeoutIsForAllNotificationsTogether() throws {
    try leak(ports: 8080..<8084)
    let page = try program("page", "sleep 100")
    let file = try policies([page, page, page, page])
    let start = ContinuousClock.now
    let ended = try apply(file, "--timeout", "3s")
    #expect(ContinuousClock.now - start < .seconds(25), "four programs would take 40 s")
    #expect(ended.status == 1)
    for name in ["tell-0", "tell-1", "tell-2", "tell-3"] {
      #expect(ended.errorText.contains("policy \(name): notification not done: "))
    }
    #expect(ended.errorText.contains("4 notifications not done"))
  }

  @Test func passesOnLimitedOutput() throws {
    try leak(ports: 8080..<8081)
    let page = try program("page", "echo paged; head -c 3000000 /dev/zero | tr '\\0' x")
    let ended = try apply(try policies([page]))
    #expect(ended.status == 0)
    #expect(ended.errorText.hasPrefix("paged\nxxxx"))
    #expect(ended.errors.count < 70_000)
    #expect(ended.errorText.contains("page wrote more than 64 KiB; the rest is discarded"))
  }

  /// The output of the run is a pipe from cron, which a child must not keep open.
  @Test func killsLeftoverChildren() throws {
    try leak(ports: 8080..<8081)
    let page = try program(
      "page",
      "setsid sh -c 'echo $$ > \(folder.path)/pid; exec sleep 100' &\n"
        + "while [ ! -s \(folder.path)/pid ]; do sleep 0.05; done; cat > \(folder.path)/told")
    // Reads to EOF, so until no process holds the output.
    let ended = try apply(try policies([page]))
    #expect(ended.status == 0)
    #expect(ended.errorText.contains("page left 1 process running; killed"))
    #expect(read("told")?.isEmpty == false)
    let pid = try #require(read("pid").flatMap { Int32($0.dropLast()) })
    try waitUntil("it happens") { isGone(pid) }
  }

  @Test func worksWhenSIGCHLDIsIgnored() throws {
    try leak(ports: 8080..<8081)
    let page = try program("page", "cat > \(folder.path)/told")
    let script =
      "import os,signal,sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); "
      + "os.execv(sys.argv[1], sys.argv[1:])"
    let ended = try namespace.connreap(
      ["policy", "apply", "--state-dir", state, try policies([page])],
      behind: [Tools.python, "-c", script])
    #expect(ended.status == 0, "\(ended.errorText)")
    #expect(read("told")?.isEmpty == false)
  }

  @Test func doesNotRunAProgramInAnotherUsersDirectory() throws {
    try leak(ports: 8080..<8081)
    #expect(chmod(folder.path, 0o755) == 0)
    let inner = folder.path + "/theirs/ours"
    #expect(mkdir(folder.path + "/theirs", 0o755) == 0 && mkdir(inner, 0o755) == 0)
    _ = try program("theirs/ours/page", "touch \(folder.path)/told")
    #expect(chown(folder.path + "/theirs", 1000, 1000) == 0)
    #expect(symlink(inner + "/page", folder.path + "/link") == 0)
    for path in [inner + "/page", folder.path + "/link"] {
      let ended = try apply(try policies([path]))
      #expect(ended.status == 1)
      #expect(
        ended.errorText.contains("theirs belongs to uid 1000, who could replace the program"))
    }
    #expect(read("told") == nil)
  }
}
