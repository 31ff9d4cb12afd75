import FoundationEssentials
import Testing

/// Usage errors and help.
@Suite struct UsageTests {
  private func connreap(_ arguments: String...) throws -> CommandResult {
    try Command.run([Tools.connreap] + arguments)
  }

  @Test(arguments: [
    ["list", "--no-such-option"], ["kill", "--host"], ["no-such-command"], ["list", "-o", "xml"],
    ["list", "--state", "closewait?"], ["list", "--port", "65536"], ["list", "--port", "9-1"],
    ["list", "--host", "10.0.0.0/33"], ["list", "--pid", "x"], ["list", "--limit", "-1"],
    ["list", "--filter", "sport = "], ["kill", "--port", "1", "--method", "hammer"],
    ["kill", "--port", "1", "--max", "many"],
  ])
  func invalidArgumentsAreUsageErrors(arguments: [String]) throws {
    let ended = try Command.run([Tools.connreap] + arguments)
    #expect(ended.status == 64)
    #expect(!ended.errorText.isEmpty)
    #expect(ended.output.isEmpty)
  }

  @Test(arguments: [
    (["lst"], #"unknown command "lst""#, #"; did you mean "list"?"#),
    (["policy", "aply", "x"], #"unknown command "aply""#, #"; did you mean "apply"?"#),
    (["port", "80"], #"unknown command "port""#, "the commands are leaks, list, kill,"),
    (["policy", "list"], #"unknown command "list""#, "the commands are new, check, plan, apply,"),
    (["\u{1b}[2J"], #"unknown command "\x1b[2J""#, "the commands are leaks"),
  ])
  func unknownCommandsGetSuggestions(words: [String], what: String, remedy: String) throws {
    let ended = try Command.run([Tools.connreap] + words)
    #expect(ended.status == 64)
    #expect(ended.output.isEmpty)
    #expect(ended.errorText.contains(what), "\(ended.errorText)")
    #expect(ended.errorText.contains(remedy), "\(ended.errorText)")
  }

  @Test(arguments: [
    (["kill", "--port", "1", "-n"], "csv"), (["kill", "--port", "1", "-n"], "wide"),
    (["kill", "--port", "1", "-n"], "jsonl"), (["policy", "plan", "/nonexistent.yaml"], "csv"),
    (["policy", "apply", "/nonexistent.yaml"], "jsonl"), (["listeners"], "csv"),
    (["doctor"], "wide"), (["stats"], "jsonl"), (["stats"], "wide"), (["log"], "wide"),
    (["listeners"], "jsonl"), (["listeners"], "wide"), (["policy", "plan", "x"], "jsonl"),
    (["doctor"], "csv"), (["doctor"], "jsonl"), (["leaks"], "jsonl"), (["leaks"], "xml"),
  ])
  func unsupportedFormatsAreRejected(words: [String], format: String) throws {
    let ended = try Command.run([Tools.connreap] + words + ["-o", format])
    #expect(ended.status == 64 && ended.output.isEmpty, "\(ended.text)")
    #expect(
      ended.errorText.hasPrefix("connreap: -o: unknown format \"\(format)\"")
        && ended.errorText.contains("\nthe formats are table"), "\(ended.errorText)")
  }

  @Test func udpServicesAreReported() throws {
    let services = (try? Command.run(["cat", "/etc/services"]).text) ?? ""
    let names = services.split(separator: "\n").compactMap { line -> (String, String)? in
      let words = line.split(whereSeparator: \.isWhitespace)
      guard words.count > 1, let port = words[1].split(separator: "/").last else { return nil }
      return (String(words[0]), String(port))
    }
    let tcp = Set(names.filter { $0.1 == "tcp" }.map(\.0))
    let onlyUDP = names.filter { $0.1 == "udp" && !tcp.contains($0.0) }.map(\.0)
    for name in onlyUDP.prefix(3) {
      for words in [["--port", name], ["sport", "=", ":\(name)"], ["dst", "port", name]] {
        let ended = try Command.run([Tools.connreap, "list"] + words)
        #expect(ended.status == 64)
        #expect(
          ended.errorText.contains("\"\(name)\" is a UDP service only"), "\(ended.errorText)")
        #expect(!ended.errorText.contains("did you mean"))
      }
    }
  }

  /// Limits on ports and queues are settings of each network namespace.
  @Test(.needsNamespaces) func doctorChecksOtherNamespaces() throws {
    let (one, other) = (try NetworkNamespace(), try NetworkNamespace())
    _ = try one.server.run(["sysctl", "-qw", "net.ipv4.ip_local_port_range=20000 20099"])
    _ = try one.server.run(["sysctl", "-qw", "net.ipv4.tcp_syncookies=0"])
    struct Report: Decodable {
      struct Check: Decodable {
        let id: String
        let detail: String
      }
      struct Namespace: Decodable {
        let netns: UInt64?
        let checks: [Check]
      }
      let namespaces: [Namespace]
    }
    let pids = [one, other].map { "\($0.server.pid)" }
    let ended = try Command.run(
      [
        Tools.connreap, "doctor", "-o", "json", "--state-dir", one.state.path, "--netns", pids[0],
        "--netns", pids[1],
      ], seconds: 60)
    let report = try JSONDecoder().decode(Report.self, from: Data(ended.output))
    #expect(report.namespaces.count == 2 && Set(report.namespaces.map(\.netns)).count == 2)
    func details(_ id: String) -> [String] {
      report.namespaces.compactMap { $0.checks.first { $0.id == id }?.detail }
    }
    #expect(details("ephemeral-ports").count { $0.contains("none of 100 in use") } == 1)
    #expect(details("syn-queues").count { $0.contains("tcp_syncookies is 0") } == 1)
    let text = try Command.run(
      [Tools.connreap, "doctor", "--state-dir", one.state.path, "--netns", pids[1]], seconds: 60)
    #expect(text.lines.count { $0.hasPrefix("Kernel ") } == 1)
  }

  @Test(arguments: [[], ["help"], ["help", "policy"], ["policy"], ["--help"], ["policy", "-h"]])
  func helpListsSubcommands(words: [String]) throws {
    let ended = try Command.run([Tools.connreap] + words)
    #expect(ended.status == 0)
    #expect(ended.text.contains("SUBCOMMANDS"))
  }

  @Test func topWithoutATerminalSuggestsAlternatives() throws {
    let ended = try connreap("top")
    #expect(ended.status == 64)
    #expect(ended.output.isEmpty)
    #expect(ended.errorText.contains("top needs a terminal"))
    #expect(ended.errorText.contains("connreap list"))
    #expect(ended.errorText.contains("stats --watch"))
  }

  @Test func topChecksItsArgumentsBeforeTheTerminal() throws {
    for words in [
      ["--interval", "2"], ["--unprotect", "java"], ["--idle", "x"], ["--max", "0"],
    ] {
      let ended = try Command.run([Tools.connreap, "top"] + words)
      #expect(ended.status == 64)
      #expect(ended.errorText.contains(words[0]), "\(ended.errorText)")
    }
  }

  @Test func durationsWithoutAUnitAreMarked() throws {
    let ended = try connreap("list", "--idle", "10")
    #expect(ended.status == 64)
    #expect(ended.errorText.contains("needs a unit"))
    #expect(ended.errorText.contains("^"))
  }

  @Test(arguments: ["5M", "-5s", "99999999999999999999d", "1m1h", ""])
  func invalidDurationsAreUsageErrors(text: String) throws {
    #expect(try connreap("list", "--idle=\(text)").status == 64)
  }

  @Test func helpIsPrintedOnStandardOutput() throws {
    let ended = try connreap("--help")
    #expect(ended.status == 0)
    for command in ["list", "kill", "policy", "doctor"] { #expect(ended.text.contains(command)) }
    #expect(ended.errors.isEmpty)
  }

  @Test(.needsNamespaces) func closedPipesAreNoError() throws {
    let namespace = try NetworkNamespace()
    let listener = try namespace.server.listen("many", port: 8080)
    try namespace.server.connectPairs(300, as: "many", to: listener)
    // More than a pipe holds, so that a write fails.
    #expect(try namespace.connreap("list", "-o", "jsonl").output.count > 100_000)
    let script = "\"$0\" list -o jsonl | head -n 1; echo \"${PIPESTATUS[0]}\" >&2"
    let ended = try Command.run(namespace.entering + ["bash", "-c", script, Tools.connreap])
    #expect(ended.lines.count == 1)
    let status = ended.errorText.split(separator: "\n")
    #expect(status == ["0"] || status == ["141"], "standard error contains only the exit code")
  }
}

/// `doctor`: what this kernel and these privileges allow.
///
/// The tests run serially, because each would report the problems that another creates.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy, .serialized) struct DoctorTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  @Test func rootOnACapableKernelPassesAllChecks() throws {
    let ended = try namespace.connreap("doctor")
    let failures = ended.lines.filter { $0.hasPrefix("!") || $0.hasPrefix("✗") }
    // In a sandbox, processes with more capabilities than the test's are unreadable.
    let sandboxFailures = ["! owner visibility", "! descriptor access"]
    #expect(failures.filter { line in !sandboxFailures.contains { line.hasPrefix($0) } } == [])
    #expect(ended.status == (failures.isEmpty ? 0 : 1))
    #expect(ended.text.contains("✓ listing IPv4 sockets"))
    #expect(ended.text.contains("✓ closing sockets"))
    #expect(ended.text.contains("✓ permission to close"))
  }

  @Test func harmfulSettingsAreReportedWithARemedy() throws {
    let set = try Command.run(
      namespace.entering + ["sh", "-c", "echo 0 > /proc/sys/net/ipv4/tcp_syncookies"])
    #expect(set.status == 0)
    let ended = try namespace.connreap("doctor")
    #expect(ended.status == 1)
    #expect(ended.text.contains("! SYN queues"))
    #expect(ended.text.contains("sysctl -w net.ipv4.tcp_syncookies=1"))
    let json = try namespace.connreap("doctor", "-o", "json").text
    #expect(json.contains(#""id":"syn-queues","severity":"warning""#))
    #expect(json.contains(#""remedy":"sysctl -w net.ipv4.tcp_syncookies=1"#))
    #expect(json.contains(#""healthy":false"#))
  }

  @Test(.enabled(if: Tools.has("prlimit", "--version"), "needs prlimit"))
  func processesNearTheirLimitAreReportedWithTheirLeaks() throws {
    let leaky = try namespace.anotherPeer()
    try leaky.rename("leaky")
    let listener = try leaky.listen("listener", port: 8080)
    for number in 1...20 {
      let client = try namespace.server.connect("client-\(number)", port: 8080)
      _ = try leaky.accept("server-\(number)", from: listener)
      if number <= 15 { try client.finish() }
    }
    let limited = try Command.run(["prlimit", "--pid", "\(leaky.pid)", "--nofile=24:"])
    #expect(limited.status == 0, "\(limited.errorText)")
    let ended = try namespace.connreap("doctor")
    #expect(ended.status == 1)
    let line = try #require(ended.lines.first { $0.contains("leaky[\(leaky.pid)]") })
    #expect(line.hasPrefix("✗") && line.contains("15 CLOSE-WAIT sockets"))
  }

  @Test func missingCapabilitiesAreReportedWithARemedy() throws {
    let ended = try namespace.connreap(["doctor"], behind: KillSafetyTests.withoutNetAdmin)
    #expect(ended.status == 1)
    #expect(ended.text.contains(/✗ permission to close +CAP_NET_ADMIN missing: .*run it with sudo/))
  }
}
