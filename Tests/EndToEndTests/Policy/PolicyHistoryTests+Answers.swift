import FoundationEssentials
import Glibc
import Testing

/// What the history of earlier runs is used for.
extension PolicyHistoryTests {
  @Test func answersAgesFromTheHistory() throws {
    let file = try folder.write("leak.yaml", Self.twice)
    let first = try wave(0, of: 1)[0]
    func list(_ age: String) throws -> [Row] {
      try namespace.rows(
        "--state", "close-wait", "--age", age, "--state-dir", namespace.state.path)
    }
    #expect(try list("1ms").isEmpty, "without an earlier run it is unknown")
    #expect(try policy("apply", file).status == 0)
    pause(for: .milliseconds(1100))
    _ = try wave(1, of: 1)
    let rows = try list("1s")
    #expect(rows.map(\.cookie) == [first.cookie])
    #expect(try #require(rows.first?.age?.atLeast) >= 1000)
    #expect(try list("1h").isEmpty)
    let table = try namespace.connreap(
      "list", "--state", "close-wait", "--age", "1s", "--state-dir", namespace.state.path)
    #expect(table.text.contains("AGE"))
    let killed = try namespace.kill("--age", "1s", "--local-port", "8080")
    #expect(killed.status == 0)
    #expect(try leaks.count == 1)
  }

  /// The first policy arms keepalive; armed connections are left to the next policy.
  @Test func policiesEscalateOneStepPerRun() throws {
    let file = try folder.write(
      "steps.yaml",
      """
      version: 1
      policies:
        - name: tell
          match: {state: established, local-port: 8080, idle: 1s}
          action: report
        - name: ask
          match: {state: established, local-port: 8080, idle: 1s}
          action: keepalive
        - name: close
          match: {state: established, local-port: 8080, idle: 1s}
          action: destroy

      """)
    let pair = try namespace.pair(to: listener, as: "idle")
    pause(for: .milliseconds(1200))
    let planned = try policy("plan", file)
    #expect(
      planned.text.contains("1 left open: handled by ask, which comes first"), "\(planned.text)")
    let first = try policy("apply", file)
    #expect(first.status == 0, "\(first.errorText)")
    #expect(first.text.contains("armed 1"), "\(first.text)")
    #expect(try namespace.row(of: pair.server) != nil)
    #expect(try namespace.row(of: pair.server)?.timer?.kind == "keepalive")
    let second = try policy("apply", file)
    #expect(second.status == 0, "\(second.errorText)")
    #expect(second.text.contains("1 left open: armed in an earlier run"), "\(second.text)")
    #expect(try namespace.row(of: pair.server) == nil)
  }

  @Test func limitsThePercentageOfAnOwnersConnections() throws {
    let text = Self.twice.replacing("seen: 2", with: "group-by: process\n    limit-percent: 40")
    let file = try folder.write("leak.yaml", text)
    _ = try wave(0, of: 2)
    let other = try namespace.anotherPeer()
    for number in 0..<2 { _ = try namespace.pair(to: listener, client: other, as: "ok-\(number)") }
    // The server holds the four leaked connections, their clients, and two more.
    #expect(try policy("apply", file).status == 0)
    #expect(try leaks.isEmpty)
    _ = try wave(1, of: 9)
    let refused = try policy("apply", file)
    #expect(refused.status == 2)
    #expect(refused.errorText.contains("exceed its limit of 40 %"))
    #expect(try leaks.count == 9)
  }

  /// `doctor` uses the history for the growth of a leak and the time left.
  @Test func doctorForecastsHowLongDescriptorsLast() throws {
    let file = try folder.write(
      "report.yaml",
      """
      version: 1
      policies:
        - name: pool-leak
          match:
            state: close-wait
          group-by: process
          threshold: 3
          action: report

      """)
    let client = try namespace.anotherPeer()
    func wave(_ number: Int) throws {
      for index in 1...6 {
        let pair = try namespace.pair(to: listener, client: client, as: "\(number)-\(index)")
        try pair.client.finish()
      }
    }
    func doctor() throws -> Substring? {
      let ended = try namespace.connreap("doctor", "--state-dir", namespace.state.path)
      #expect(ended.status == 1 && ended.errors.isEmpty)
      return ended.lines.first { $0.contains("leaky[\(namespace.server.pid)]") }
    }
    try wave(1)
    let open = try Command.run(["ls", "/proc/\(namespace.server.pid)/fd"]).lines.count
    // Little room: more than four fifths of the limit are used.
    let limited = try Command.run(
      ["prlimit", "--pid", "\(namespace.server.pid)", "--nofile=\(open + 8)"])
    #expect(limited.status == 0)
    #expect(try policy("apply", file).status == 0)
    pause(for: .milliseconds(1200))
    try wave(2)
    #expect(try policy("apply", file).status == 0)
    let line = try #require(try doctor())
    #expect(line.contains("12 CLOSE-WAIT sockets to 127.0.0.1,"))
    #expect(
      line.contains(
        #/At the rate of the last [1-9][0-9]*s \(at least [0-9,]+ per hour\) they run out in at most [0-9a-z]+/#
      ), "\(line)")
    // Without the history, the rest is still reported.
    let path = namespace.state.path + "/connreap.db"
    #expect(
      try Command.run(["sh", "-c", "echo damaged > '\(path)'; rm -f '\(path)-'*"]).status == 0)
    let without = try namespace.connreap("doctor", "--state-dir", namespace.state.path)
    #expect(without.text.contains("12 CLOSE-WAIT sockets"))
    #expect(!without.text.contains("At the rate"))
    #expect(without.text.contains(#/i history +growth of leaks unknown: /#))
    #expect(read("connreap.db") == nil && access(path, F_OK) == 0, "and it is left where it is")
  }
}
