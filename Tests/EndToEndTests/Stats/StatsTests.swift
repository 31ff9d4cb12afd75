import FoundationEssentials
import Glibc
import Testing

/// The output of `stats -o json`.
struct Statistics: Decodable {
  struct Group: Decodable {
    let by: String
    let key: String?
    let pid: Int32?
    let note: String?
    let count: Int
    let idle: Int?
    let closeWait: Int
    let receiveQueue: Int

    private enum CodingKeys: String, CodingKey {
      case by, key, pid, note, count, idle
      case closeWait = "close_wait"
      case receiveQueue = "recv_queue"
    }
  }

  let time: String?
  let total: Int
  let states: [String: Int]
  let families: [String: Int]
  let groups: [Group]
  let kernel: [String: Int?]?
  let undecided: Int

  init(_ text: some StringProtocol) throws {
    self = try JSONDecoder().decode(Statistics.self, from: Data(text.utf8))
  }
}

@Suite(.waitsForPrograms, .needsNamespaces) struct StatsTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  /// Sockets in seven states, of both families.
  private func scene() throws {
    let server = namespace.server
    let four = try server.listen("four", port: 8080)
    let six = try server.listen("six", on: "::1", port: 8081)
    for number in 1...3 { _ = try namespace.pair(to: four, as: "plain-\(number)") }
    _ = try namespace.pair(to: six, address: "::1", as: "six-1")
    _ = try namespace.closeWaits(2, to: four)
    let gone = try namespace.pair(to: six, address: "::1", as: "gone")
    try gone.client.close()
    try gone.server.close()
    _ = try server.listen("full", port: 8082, backlog: 0)
    _ = try server.connect("queued", port: 8082)
    _ = try server.connect("waiting", port: 8082, waiting: false)
  }

  private func stats(_ arguments: String...) throws -> Statistics {
    let ended = try namespace.connreap(["stats", "-o", "json"] + arguments)
    #expect(ended.status == 0 && ended.errors.isEmpty, "\(ended.errorText)")
    return try Statistics(ended.text)
  }

  private func countedByAwk() throws -> [String: Int] {
    let script = "ss -tan | awk 'NR > 1 { n[$1]++ } END { for (s in n) print s, n[s] }'"
    let counted = try Command.run(namespace.entering + ["sh", "-c", script])
    let labels = ["estab": "established", "unconn": "closed"]
    var expected: [String: Int] = [:]
    for line in counted.lines {
      let words = line.split(separator: " ").map { $0.lowercased() }
      expected[labels[words[0]] ?? words[0]] = Int(words[1])
    }
    return expected
  }

  @Test(.enabled(if: Tools.has("ss", "-V"), "needs ss"))
  func theCountsAreThoseOfSsIntoAwk() throws {
    try scene()
    var (expected, stats) = (try countedByAwk(), try stats())
    // A connection may change its state between the two counts.
    for _ in 0..<5 where stats.states.filter({ $0.value > 0 }) != expected {
      (expected, stats) = (try countedByAwk(), try self.stats())
    }
    #expect(stats.states.filter { $0.value > 0 } == expected)
    #expect(expected.count >= 6, "most states occur")
    #expect(stats.total == expected.values.reduce(0, +))
    #expect(
      stats.states.count == (Tools.kernelListsBoundSockets ? 12 : 11), "zero is reported too")
    #expect(stats.families["ipv4"]! + stats.families["ipv6"]! == stats.total)
  }

  @Test func theKernelCountsTheSame() throws {
    try scene()
    let counted = try #require(try counter("/proc/net/snmp", "Tcp:", "CurrEstab"))
    let stats = try stats()
    #expect(stats.kernel?["curr_estab"] == counted)
    #expect(
      stats.kernel?["curr_estab"] == stats.states["established"]! + stats.states["close-wait"]!)
    #expect(stats.kernel?["time_wait"] == stats.states["time-wait"])
    let text = try namespace.connreap("stats", "--all").text
    #expect(text.contains("CurrEstab \(counted) (listed: the same)"))
    #expect(try !namespace.connreap("stats").text.contains("The kernel counts"))
  }

  /// Without traffic, list, ss and the kernel agree exactly.
  @Test(.enabled(if: Tools.has("ss", "-V"), "needs ss"))
  func everyStateIsCountedAsSsAndTheKernelCountIt() throws {
    let made = [
      "syn-sent": (1, 2), "syn-recv": (2, 1), "estab": (3, 1), "fin-wait-1": (1, 3),
      "fin-wait-2": (2, 3), "close-wait": (3, 5), "closing": (1, 2), "last-ack": (2, 1),
      "time-wait": (4, 2),
    ]
    try namespace.server.hold(states: made)
    let stats = try stats()
    let unused = ["closed", "bound-inactive"].prefix(Tools.kernelListsBoundSockets ? 2 : 1)
    var expected = made.reduce(into: ["listen": 2]) { expected, state in
      expected[state.key == "estab" ? "established" : state.key] = state.value.0 + state.value.1
    }
    for state in unused { expected[state] = 0 }
    #expect(stats.states == expected)
    #expect(stats.families == ["ipv4": 20, "ipv6": 21])
    for state in unused { expected[state] = nil }
    #expect(try countedByAwk() == expected)
    // RFC 4022 and sockstat count neither TIME_WAIT nor half-open connections as in use.
    #expect(try counter("/proc/net/snmp", "Tcp:", "CurrEstab") == 12)
    #expect(stats.kernel?["curr_estab"] == 12)
    #expect(stats.kernel?["time_wait"] == 6)
    #expect(stats.kernel?["in_use"] == 20 - 4 - 2 && stats.kernel?["in_use_ipv6"] == 21 - 2 - 1)
    let text = try namespace.connreap("stats", "--all").text
    #expect(text.contains("CurrEstab 12 (listed: the same), 6 in TIME-WAIT\n"))
    #expect(text.contains("\n41 sockets: 20 IPv4, 21 IPv6\n"))
    #expect(text.contains(#/SYN-RECV +3 +2 +1 /#) && text.contains(#/CLOSING +3 +1 +2 /#))
    // A separate dump by list agrees.
    let rows = try namespace.rows("--state", "all")
    #expect(Dictionary(grouping: rows, by: \.state).mapValues(\.count) == expected)
  }

  /// A counter in a file of names and values, read in the namespace.
  private func counter(_ file: String, _ section: String, _ name: String) throws -> Int? {
    let lines = try Command.run(namespace.entering + ["cat", file]).lines
      .filter { $0.hasPrefix(section) }.map { $0.split(separator: " ") }
    let place = try #require(lines.first?.firstIndex(of: Substring(name)))
    return Int(lines[1][place])
  }

  // MARK: - Other namespaces

  /// The kernel's figures come from the counted namespace, not from connreap's own.
  @Test func theKernelsFiguresAreOfTheNamespaceThatIsCounted() throws {
    try scene()
    let elsewhere = try NetworkNamespace()
    let listener = try elsewhere.server.listen("listener", port: 8080)
    try elsewhere.server.connectPairs(20, as: "many", to: listener)
    let (here, there) = ("\(namespace.server.pid)", "\(elsewhere.server.pid)")
    let own = try stats()
    let other = try stats("--netns", there)
    #expect(other.states["established"] == 40 && other.kernel?["curr_estab"] == 40)
    #expect(other.kernel?["time_wait"] == 0 && own.kernel?["time_wait"] == 1)
    let same = try stats("--netns", here)
    #expect(same.kernel?["curr_estab"] == own.kernel?["curr_estab"])
    let both = try stats("--netns", "\(here),\(there)")
    #expect(both.total == own.total + other.total)
    let sum = try #require(own.kernel?["curr_estab"] ?? nil) + 40
    #expect(both.kernel?["curr_estab"] == sum && both.kernel?["time_wait"] == 1)
    #expect(
      both.kernel?["curr_estab"] == both.states["established"]! + both.states["close-wait"]!)
    let text = try namespace.connreap("stats", "--all", "--netns", there).text
    #expect(text.contains("CurrEstab 40 (listed: the same), 0 in TIME-WAIT\n"))
  }

  /// A namespace that cannot be entered contributes neither counts nor figures.
  @Test func withoutTheRightToEnterTheFiguresAreOfWhatIsLeft() throws {
    try scene()
    let elsewhere = try NetworkNamespace()
    let both = "\(namespace.server.pid),\(elsewhere.server.pid)"
    let own = try stats()
    let ended = try namespace.connreap(
      ["stats", "-o", "json", "--netns", both], behind: NamespaceTests.withoutSysAdmin)
    let partly = try Statistics(ended.text)
    #expect(ended.errorText.contains("left out network namespace"))
    #expect(partly.total == own.total)
    for figure in ["curr_estab", "in_use", "time_wait"] {
      #expect(partly.kernel?[figure] == own.kernel?[figure], "\(figure)")
    }
  }

  @Test func theCountsAreThoseOfTheList() throws {
    try scene()
    for selection in [["-6"], ["--port", "8080"], ["--state", "big"], ["--user", "root"]] {
      let states = selection.contains("--state") ? [] : ["--state", "all"]
      let rows = try namespace.rows(selection + states)
      let ended = try namespace.connreap(["stats", "-o", "json"] + selection)
      let stats = try Statistics(ended.text)
      #expect(stats.total == rows.count, "\(selection)")
      for (state, count) in stats.states { #expect(rows.count { $0.state == state } == count) }
    }
  }

  @Test func processesAreCountedWithWhatTheyHold() throws {
    let listener = try namespace.server.listen("listener", port: 8080)
    let client = try namespace.anotherPeer()
    try client.rename("leaky")
    for number in 1...3 {
      let pair = try namespace.pair(to: listener, client: client, as: "\(number)")
      _ = try pair.server.send("12345")
      if number == 1 { try pair.server.finish() }
    }
    let stats = try stats("--by", "process")
    let leaky = try #require(stats.groups.first { $0.pid == client.pid })
    #expect(leaky.by == "process" && leaky.key == "leaky" && leaky.note == nil)
    #expect(leaky.count == 3 && leaky.closeWait == 1 && leaky.idle == 0)
    #expect(leaky.receiveQueue == 16, "three times five, and a FIN")
    #expect(stats.groups.reduce(0) { $0 + $1.count } == stats.total)
    let table = try namespace.connreap("stats", "--by", "process").text
    #expect(table.contains(#/leaky\[\d+\] +3 +1 +0 /#))
  }

  @Test(arguments: [
    "process", "program", "peer", "local-port", "listener", "user", "unit", "container", "pod",
    "netns",
    "state",
  ])
  func everyKeyGroupsEverything(key: String) throws {
    try scene()
    for format in ["table", "csv"] {
      let ended = try namespace.connreap("stats", "--by", key, "-o", format)
      #expect(ended.status == 0 && !ended.output.isEmpty)
    }
    let stats = try stats("--by", key)
    #expect(stats.groups.reduce(0) { $0 + $1.count } == stats.total)
    #expect(stats.groups.allSatisfy { $0.by == key && ($0.key == nil) == ($0.note != nil) })
  }

  @Test func listenersAreTheOnesThatAcceptedWhateverIsSelected() throws {
    let listener = try namespace.server.listen("listener", port: 8080)
    _ = try namespace.pair(to: listener, as: "pair")
    let stats = try stats("--by", "listener", "--state", "established")
    #expect(stats.groups.first { $0.key == "127.0.0.1:8080" }?.count == 1)
    #expect(stats.groups.first { $0.note == "no listener" }?.count == 1)
  }

  @Test func aWatchRepeatsUntilItIsInterrupted() throws {
    try scene()
    let ended = try namespace.connreap(
      ["stats", "--watch", "100ms", "-o", "json"],
      behind: ["timeout", "--preserve-status", "-s", "INT", "1"])
    #expect(ended.status == 0 && ended.errors.isEmpty, "SIGINT ends it without a failure")
    let rounds = try ended.lines.map { try Statistics($0) }
    #expect(rounds.count > 2)
    #expect(Set(rounds.map(\.total)).count == 1)
    #expect(Set(rounds.compactMap(\.time)).count == rounds.count)
  }

  @Test func aWatchShowsWhatHasChanged() throws {
    let listener = try namespace.server.listen("listener", port: 8080)
    let watch = try Command(
      namespace.entering + [
        "timeout", "--preserve-status", "-s", "TERM", "3", Tools.connreap, "stats", "--watch",
        "200ms",
      ])
    // Wait for the first report.
    pause(for: .seconds(1))
    try namespace.server.connectPairs(5, as: "new", to: listener)
    let ended = try watch.end()
    #expect(ended.status == 0)
    #expect(ended.text.contains(#/ESTAB +10 +\+10 +\+[\d,]+ +10 /#), "\(ended.text)")
    #expect(!ended.text.contains("\u{1b}"), "a pipe is not repainted")
  }

  /// On a terminal, a report replaces the one before it.
  @Test(.enabled(if: Tools.has("tmux", "-V"), "needs tmux"))
  func aWatchRepaintsATerminal() throws {
    let listener = try namespace.server.listen("listener", port: 8080)
    let pane = try TerminalPane(in: namespace, width: 80, height: 10)
    try pane.run("\(Tools.connreapWord) stats --watch 200ms --by process,state")
    try pane.wait(for: "LISTEN")
    try namespace.server.connectPairs(5, as: "new", to: listener)
    let screen = try pane.wait("the change") { $0.contains { $0.contains(#/ESTAB +10 +\+10/#) } }
    #expect(screen.count { $0.hasPrefix("PROCESS") } == 1, "\(screen)")
    #expect(screen.first?.contains(", changes over ") == true, "\(screen)")
    #expect(screen.allSatisfy { $0.unicodeScalars.count <= 80 })
    try pane.press("C-c")
    try pane.wait("the prompt") { $0.contains { $0.hasPrefix("$") || $0.hasSuffix("^C$") } }
  }

  @Test func statesWithoutSocketsAreShownOnRequest() throws {
    _ = try namespace.server.listen("listener", port: 8080)
    let lines = try namespace.connreap("stats").lines
    #expect(lines.map { $0.prefix { $0 != " " } } == ["STATE", "LISTEN", "1"])
    #expect(try namespace.connreap("stats", "--all").lines.count >= 12)
    let csv = try namespace.connreap("stats", "-o", "csv").lines
    #expect(csv.count >= 12, "a script gets all states")
  }

  @Test func severalKeysCountTogether() throws {
    try scene()
    let ended = try namespace.connreap("stats", "--by", "state,local-port,state", "-o", "csv")
    #expect(ended.lines.first?.hasPrefix("state,local_port,pid,note,count,") == true)
    #expect(ended.lines.contains { $0.hasPrefix("close-wait,8080,,,2,") }, "\(ended.text)")
    for words in [["process,pid"], ["process,"], [","], [""]] {
      let wrong = try namespace.connreap(["stats", "--by"] + words)
      #expect(wrong.status == 64 && wrong.errorText.hasPrefix("connreap: --by: unknown key \""))
    }
  }

  @Test(arguments: [
    ["stats", "--by", "pid"], ["stats", "-o", "wide"], ["stats", "--watch", "2"],
    ["stats", "--watch", "1ms"], ["stats", "--watch", "1s", "--replay", "x"],
    ["stats", "--limit", "0"], ["stats", "--explain", "-o", "json"], ["stats", "--state", "x"],
  ])
  func whatIsNotUnderstoodIsBadUsage(arguments: [String]) throws {
    let ended = try Command.run([Tools.connreap] + arguments)
    #expect(ended.status == 64 && ended.output.isEmpty)
  }
}
