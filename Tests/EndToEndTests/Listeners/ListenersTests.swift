import FoundationEssentials
import Glibc
import Testing

/// The output of `listeners -o json`.
struct ListenersReport: Decodable {
  struct Listener: Decodable {
    let local: Row.Endpoint
    let acceptQueue: Int
    let backlog: Int
    let full: Bool
    let limitedBy: String?
    let synQueue: Int
    let sharing: Int
    let cookie: String
    let owners: [Row.Owner]
    let connections: [String: Int]?

    private enum CodingKeys: String, CodingKey {
      case local, backlog, full, sharing, cookie, owners, connections
      case acceptQueue = "accept_queue"
      case limitedBy = "limited_by"
      case synQueue = "syn_queue"
    }
  }

  let listeners: [Listener]
  let overflows: Int?
  let drops: Int?
  let overflowsPerSecond: Double?
  let settings: Settings

  private enum CodingKeys: String, CodingKey {
    case listeners, overflows, drops, settings
    case overflowsPerSecond = "overflows_per_second"
  }

  struct Settings: Decodable { let somaxconn: Int? }

  init(_ text: some StringProtocol) throws {
    self = try JSONDecoder().decode(ListenersReport.self, from: Data(text.utf8))
  }
}

@Suite(.waitsForPrograms, .needsNamespaces) struct ListenersTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  private func report(_ arguments: String...) throws -> ListenersReport {
    let ended = try namespace.connreap(["listeners", "-o", "json"] + arguments)
    #expect(ended.status == 0 && ended.errors.isEmpty, "\(ended.errorText)")
    return try ListenersReport(ended.text)
  }

  @Test func aListenerHasItsOwnerQueueAndConnections() throws {
    let busy = try namespace.server.listen("busy", port: 8080, backlog: 7)
    _ = try namespace.server.listen("idle", on: "::1", port: 8081)
    _ = try namespace.closeWaits(2, to: busy)
    _ = try namespace.pair(to: busy, as: "pair")
    _ = try namespace.server.connect("waiting", port: 8080)
    let report = try report()
    #expect(Set(report.listeners.map(\.local.port)) == [8080, 8081])
    let found = try #require(report.listeners.first { $0.cookie == busy.cookie })
    #expect(found.acceptQueue == 1 && found.backlog == 7 && !found.full)
    #expect(found.limitedBy == "program" && found.sharing == 1)
    #expect(found.owners.map(\.pid) == [namespace.server.pid])
    #expect(found.owners.first?.fds == [busy.fd])
    #expect(found.connections?["total"] == 4)
    #expect(found.connections?["close-wait"] == 2 && found.connections?["established"] == 2)
    let table = try namespace.connreap("listeners").text
    #expect(table.contains(#/127\.0\.0\.1:8080 .* 1/7 \S* *4 \(2 CLOSE-WAIT\)/#))
  }

  @Test func overflowsAreCountedAndTheListenerIsNamed() throws {
    _ = try namespace.server.listen("full", port: 8080, backlog: 0)
    #expect(try report().overflows == 0)
    _ = try namespace.server.connect("queued", port: 8080)
    _ = try namespace.server.connect("refused", port: 8080, waiting: false)
    let report = try report()
    #expect(report.listeners.map(\.full) == [true])
    #expect((report.overflows ?? 0) > 0 && (report.drops ?? 0) > 0)
    let text = try namespace.connreap("listeners").text
    #expect(text.contains(": 127.0.0.1:8080 is dropping connections."))
  }

  @Test func settingsBelongToTheNamespace() throws {
    let set = try Command.run(
      namespace.entering + ["sh", "-c", "echo 16 > /proc/sys/net/core/somaxconn"])
    #expect(set.status == 0)
    _ = try namespace.server.listen("cut", port: 8080, backlog: 1000)
    let report = try report()
    #expect(report.settings.somaxconn == 16)
    #expect(report.listeners.map(\.backlog) == [16])
    #expect(report.listeners.map(\.limitedBy) == ["somaxconn"])
  }

  @Test func unfinishedHandshakesAreInTheSynQueue() throws {
    try namespace.server.hold(states: ["syn-recv": (3, 2), "estab": (1, 0)])
    let report = try report()
    #expect(report.listeners.map(\.synQueue).sorted() == [2, 3])
    #expect(report.listeners.first { $0.synQueue == 3 }?.connections?["total"] == 4)
    let table = try namespace.connreap("listeners").text
    #expect(table.contains("SYN-QUEUE"))
    #expect(table.contains(#/10\.9\.0\.1:7000 .* 0/128 +3 +4\n/#), "\(table)")
  }

  /// Three connects per second find the queue full, and each retries after a second.
  @Test func overflowsAreReportedPerSecond() throws {
    _ = try namespace.server.listen("full", port: 8080, backlog: 0)
    _ = try namespace.server.connect("queued", port: 8080)
    let watch = try namespace.start(["listeners", "--watch", "400ms", "-o", "json"])
    for number in 1...6 {
      pause(for: .milliseconds(250))
      _ = try namespace.server.connect("refused-\(number)", port: 8080, waiting: false)
    }
    pause(for: .milliseconds(500))
    watch.signal(SIGINT)
    let ended = try watch.end()
    #expect(ended.status == 0)
    let looks = try ended.lines.map { try ListenersReport($0) }
    let rates = looks.compactMap(\.overflowsPerSecond)
    #expect(rates.count == looks.count - 1 && rates.contains { $0 > 1 }, "\(rates)")
    let grown = try #require(looks.last?.overflows) - (looks.first?.overflows ?? 0)
    #expect(grown > 0 && rates.reduce(0) { $0 + $1 * 0.4 } > Double(grown) / 2)
    #expect(looks.last?.listeners.first?.full == true)
  }

  /// Counters and settings are read in the namespace that they belong to.
  @Test func countersAndSettingsBelongToTheListenersNamespace() throws {
    let elsewhere = try NetworkNamespace()
    for (place, somaxconn) in [(namespace, 16), (elsewhere, 32)] {
      let set = try Command.run(
        place.entering + ["sh", "-c", "echo \(somaxconn) > /proc/sys/net/core/somaxconn"])
      #expect(set.status == 0)
      _ = try place.server.listen("cut", port: 8080, backlog: 1000)
    }
    _ = try elsewhere.server.listen("full", port: 8081, backlog: 0)
    _ = try elsewhere.server.connect("queued", port: 8081)
    _ = try elsewhere.server.connect("refused", port: 8081, waiting: false)
    let there = try report("--netns", "\(elsewhere.server.pid)")
    #expect(there.settings.somaxconn == 32 && (there.overflows ?? 0) > 0)
    #expect(try report().overflows == 0, "this namespace has none")
    let both = try report(
      "--netns", "\(namespace.server.pid),\(elsewhere.server.pid)", "--port", "8080")
    #expect(both.listeners.map(\.limitedBy) == ["somaxconn", "somaxconn"])
    #expect(both.settings.somaxconn == nil, "the settings differ")
    #expect(both.overflows == there.overflows || (both.overflows ?? 0) > (there.overflows ?? 0))
  }

  @Test func aSelectionChoosesListeners() throws {
    _ = try namespace.server.listen("one", port: 8080)
    _ = try namespace.server.listen("other", on: "::1", port: 8081)
    #expect(try report("--port", "8081").listeners.map(\.local.port) == [8081])
    #expect(try report("-4").listeners.map(\.local.port) == [8080])
    let pid = "\(namespace.server.pid)"
    #expect(try report("--pid", pid).listeners.count == 2)
    #expect(try namespace.connreap("listeners", "--state", "listen").status == 64)
    #expect(try namespace.connreap("listeners", "-o", "csv").status == 64)
  }

  @Test func watchReportsRatesAndEndsCleanly() throws {
    _ = try namespace.server.listen("one", port: 8080)
    let ended = try namespace.connreap(
      ["listeners", "--watch", "100ms", "-o", "json"],
      behind: ["timeout", "--preserve-status", "-s", "INT", "1"])
    #expect(ended.status == 0)
    #expect(ended.lines.count > 1)
    #expect(ended.lines.first?.contains("overflows_per_second") == false)
    #expect(ended.lines.last?.contains("\"overflows_per_second\":0.0") == true)
  }

  @Test func withoutListenersTheListIsEmpty() throws {
    #expect(try report().listeners.isEmpty)
    #expect(
      try namespace.connreap("listeners").lines
        == ["No listening sockets found.", "Overflows 0, drops 0"])
  }
}
