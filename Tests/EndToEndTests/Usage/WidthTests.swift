import FoundationEssentials
import Testing

/// Terminal output fits the width of the terminal.
@Suite(
  .waitsForPrograms, .needsNamespaces,
  .enabled(if: Tools.has("script", "--version"), "needs script"))
struct WidthTests {
  let namespace: NetworkNamespace

  init() throws {
    namespace = try NetworkNamespace()
    let server = namespace.server
    try server.rename("leaky-server")
    let listener = try server.listen("listener", port: 8080, backlog: 4)
    _ = try namespace.closeWaits(3, to: listener)
    for number in 1...5 { _ = try server.connect("waiting-\(number)", port: 8080) }
  }

  /// The output of connreap on a terminal with this many columns.
  private func lines(_ words: String, columns: Int) throws -> [String] {
    let command = "stty cols \(columns); exec \(Tools.connreapWord) \(words)"
    let ended = try Command.run(
      namespace.entering + ["script", "-qec", command, "/dev/null"],
      environment: ["NO_COLOR": "1", "TERM": "xterm"])
    return ended.terminalLines
  }

  @Test(
    arguments: [
      "stats", "stats --by process", "stats --by peer", "stats --explain",
      "stats --by state --explain", "stats --all",
      "stats --by process,peer,state", "listeners", "doctor", "list --state all",
      "list -4 --limit 2", "list -o wide --state all", "log", "log --each",
      "kill -n --state close-wait",
    ], [80, 140])
  func linesFitTheTerminal(words: String, columns: Int) throws {
    var words = words
    for command in ["doctor", "log", "kill"] where words.hasPrefix(command) {
      words += " --state-dir " + namespace.state.path
    }
    let lines = try lines(words, columns: columns)
    #expect(!lines.isEmpty)
    for line in lines {
      #expect(line.unicodeScalars.count <= columns, "\(line)")
    }
  }

  /// The local address is shortened first, then the middle of the peer's. Ports and PIDs stay.
  @Test(arguments: [
    "list --state all", "list -o wide --state all", "listeners", "kill -n --local-port 8443",
  ])
  func longAddressesAreShortenedButNotPorts(words: String) throws {
    let address = "2001:db8:1234:5678:9abc:def0:1234:5678"
    try namespace.addAddress(address, length: 128, device: "lo")
    let pair = try namespace.pair(port: 8443, address: address)
    let words = words + " --state-dir " + namespace.state.path
    let command = words.hasPrefix("listeners") ? "listeners" : words
    let lines = try lines(command, columns: 80)
    for line in lines { #expect(line.unicodeScalars.count <= 80, "\(line)") }
    let shown = lines.filter { $0.contains(":8443") }
    #expect(!shown.isEmpty)
    let pid = "[\(namespace.server.pid)]"
    #expect(shown.allSatisfy { $0.contains(pid) }, "\(shown)")
    guard !words.hasPrefix("listeners") else { return }
    #expect(shown.contains { $0.contains(":\(pair.client.port)") && $0.contains("…") }, "\(shown)")
  }

  /// Details that do not fit in a row are printed below it.
  @Test(.needsDestroy) func longDetailsArePrintedBelow() throws {
    func flowing(_ words: String) throws -> String {
      let lines = try lines(words, columns: 80)
      for line in lines { #expect(line.unicodeScalars.count <= 80, "\(line)") }
      return lines.flatMap { $0.split(separator: " ") }.joined(separator: " ")
    }
    let state = "--state-dir " + namespace.state.path
    #expect(
      try flowing("listeners").contains("127.0.0.1:8080 is limited by its own backlog of 4; "))
    let plan = try flowing("kill -n --local-port 8080 \(state)")
    #expect(plan.contains("spared: in an accept queue; its program "), "\(plan)")
    let words = "kill --yes --max 50 --state close-wait --local-port 8080 \(state)"
    _ = try flowing(words)
    for line in try lines("log --each \(state)", columns: 60) {
      #expect(line.unicodeScalars.count <= 60, "\(line)")
    }
    let log = try flowing("log --each \(state)")
    #expect(
      log.components(separatedBy: "CLOSE-WAIT leaky-server[\(namespace.server.pid)] ").count == 4)
    #expect(
      log.contains(words.split(separator: " ").dropFirst().prefix(5).joined(separator: " ")),
      "\(log)")
  }

  /// Explanations are wrapped, not truncated.
  @Test func explanationsAreComplete() throws {
    let narrow = try lines("stats --all --explain", columns: 80)
    let wide = try lines("stats --all --explain", columns: 140)
    func text(_ lines: [String]) -> String {
      lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
    }
    for part in [
      "peers do not answer: down, or behind a firewall that drops packets",
      "closed by the peer, but not by the program here: a leak in that program",
    ] {
      #expect(text(narrow).contains(part) && text(wide).contains(part))
    }
    #expect(!narrow.joined().contains("…"))
    #expect(wide.first?.hasSuffix("MEANING") == true)
    #expect(narrow.contains { $0.hasPrefix("SYN-SENT    peers do not answer") })
  }

  /// Empty queue columns are omitted to make room for the owner.
  @Test func emptyQueueColumnsAreOmitted() throws {
    let narrow = try lines("list --state close-wait", columns: 80)
    #expect(narrow.first?.contains("SEND-Q") == false)
    #expect(narrow.dropFirst().first?.contains("leaky-server[") == true)
    let wide = try lines("list --state close-wait", columns: 140)
    #expect(wide.first?.contains("RECV-Q  SEND-Q") == true)
    let named = try lines(
      "list --state close-wait --columns local,peer,recv-queue,send-queue,process,state,inode,cookie",
      columns: 80)
    #expect(named.first?.contains("SEND-Q") == true, "columns named explicitly are kept")
  }

  @Test func emptyResultsAreReported() throws {
    let empty = try NetworkNamespace()
    func lines(_ words: String) throws -> String {
      let command = "stty cols 80; exec \(Tools.connreapWord) \(words)"
      return try Command.run(
        empty.entering + ["script", "-qec", command, "/dev/null"], environment: ["NO_COLOR": "1"]
      ).text
    }
    #expect(try lines("stats").contains("0 sockets"))
    #expect(try lines("stats --by peer").contains("0 sockets"))
    #expect(try lines("listeners").contains("No listening sockets found."))
    #expect(try lines("list").contains("0 of 0 connections") || lines("list").contains("0 conn"))
    let state = namespace.state.path
    #expect(
      try lines("log --state-dir \(state)")
        .contains("nothing closed yet: no audit log in \(state)"))
    _ = try namespace.state.write("audit.jsonl", "")
    #expect(try lines("log --state-dir \(state)").contains("no matching log entries"))
  }
}
