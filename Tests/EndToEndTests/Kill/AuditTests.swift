import Glibc
import Testing

/// The log entries of each decision.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct AuditTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  /// The log entries about connections, without those about runs.
  private var lines: [Substring] {
    get throws {
      try Command.run(["cat", namespace.state.path + "/audit.jsonl"]).lines.filter {
        !$0.contains("\"event\":\"run\"")
      }
    }
  }

  @Test func killLogsEachClosingAndItsResult() throws {
    let pair = try namespace.pair(port: 8080)
    #expect(try namespace.kill("--local-port", "8080").status == 0)
    let lines = try lines
    #expect(lines.count == 2)
    #expect(lines.first?.contains("\"event\":\"closing\",\"command\":\"kill\"") == true)
    #expect(lines.last?.contains("\"event\":\"closed\"") == true)
    for line in lines {
      #expect(line.contains("\"cookie\":\"\(pair.server.cookie)\""))
      #expect(line.contains("\"selection\":\"--yes"))
      #expect(line.contains("\"pid\":\(pair.server.pid),\"name\""))
      #expect(line.contains(/"time":"20[0-9]{2}-[0-9-]+T[0-9:]+\.[0-9]{3}Z"/))
    }
  }

  @Test func everyRunHasItsOwnLogEntryAndID() throws {
    _ = try namespace.pair(port: 8080)
    _ = try namespace.pair(port: 8081)
    for port in ["8080", "8081"] {
      #expect(try namespace.kill("--local-port", port).status == 0)
    }
    let runs = try AuditedRun.all(in: namespace.state.path)
    #expect(runs.map(\.command) == ["kill", "kill"])
    #expect(runs.map(\.exit) == [0, 0] && runs.map(\.closed) == [1, 1])
    #expect(Set(runs.map(\.run)).count == 2)
    let records = try AuditRecord.all(in: namespace.state.path)
    #expect(records.map(\.run) == [runs[0].run, runs[0].run, runs[1].run, runs[1].run])
  }

  @Test func sparedConnectionsAreLoggedWithTheReason() throws {
    let daemon = try namespace.anotherPeer()
    try daemon.rename("sshd")
    let listener = try daemon.listen("daemon", port: 8080)
    _ = try namespace.pair(to: listener, client: namespace.server, as: "login")
    _ = try namespace.pair(port: 8081)
    #expect(try namespace.kill("--local-port", "8080,8081").status == 0)
    let spared = try lines.filter { $0.contains("\"event\":\"spared\"") }
    #expect(spared.count == 1)
    #expect(spared.first?.contains("\"reason\":\"held by sshd[") == true)
  }

  @Test func aDryRunWritesNoLog() throws {
    _ = try namespace.pair(port: 8080)
    #expect(try namespace.kill("-n", "--local-port", "8080").status == 0)
    #expect(access(namespace.state.path + "/audit.jsonl", F_OK) != 0)
  }

  @Test func nothingIsClosedWhenTheLogCannotBeWritten() throws {
    let pair = try namespace.pair(port: 8080)
    #expect(mkdir(namespace.state.path + "/audit.jsonl", 0o700) == 0)
    let ended = try namespace.kill("--local-port", "8080")
    #expect(ended.status == 1)
    #expect(ended.errorText.contains("audit.jsonl"))
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func eachDecisionAlsoGoesToTheJournal() throws {
    let pair = try namespace.pair(port: 8080)
    let directory = try TemporaryDirectory()
    // A stand-in for journald, in a separate mount namespace.
    let script = """
      import os, socket, subprocess, sys
      listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      listener.bind("/run/systemd/journal/socket")
      status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
      listener.setblocking(False)
      try:
          while True: print(listener.recv(65536).decode())
      except BlockingIOError: sys.exit(status)
      """
    let file = try directory.write("journal.py", script)
    let mounting =
      "mount -t tmpfs none /run && mkdir -p /run/systemd/journal && exec \"$@\""
    let ended = try Command.run(
      namespace.entering + [
        "unshare", "--mount", "bash", "-c", mounting, "sh", Tools.python, file, Tools.connreap,
        "kill", "--yes", "--state-dir", namespace.state.path, "--local-port", "8080",
      ])
    #expect(ended.status == 0, "\(ended.errorText)")
    let entries = ended.text.split(separator: "\n\n")
    #expect(entries.count == 2)
    let closed = try #require(entries.last)
    #expect(closed.contains("MESSAGE=closed 127.0.0.1:8080 → 127.0.0.1:\(pair.client.port), ESTAB"))
    #expect(closed.contains("\nPRIORITY=6\nSYSLOG_IDENTIFIER=connreap\nCONNREAP_EVENT=closed\n"))
    #expect(closed.contains("\nCONNREAP_COOKIE=\(pair.server.cookie)\n"))
  }

  @Test func logEntriesNameThePolicy() throws {
    let listener = try namespace.server.listen("pool", port: 8080)
    _ = try namespace.closeWaits(3, to: listener)
    let directory = try TemporaryDirectory()
    let file = try directory.write("leaks.yaml", PolicyTests.pileUp)
    let ended = try namespace.connreap(
      "policy", "apply", "--state-dir", namespace.state.path, file)
    #expect(ended.status == 0)
    let lines = try lines
    #expect(lines.count == 6)
    #expect(
      lines.allSatisfy {
        $0.contains("\"command\":\"policy apply\"") && $0.contains("\"policy\":\"pile-up\"")
      })
  }
}
