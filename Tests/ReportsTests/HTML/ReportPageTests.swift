import Connections
import PresentationTestSupport
import TestSupport
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// The page, made from values.
@Suite struct ReportPageTests {
  private func page(_ contents: ReportContents) throws -> Markup {
    try Markup.page(ReportPage(contents).bytes)
  }

  private func section(_ id: String, of contents: ReportContents) throws -> Markup {
    let page = try page(contents)
    return try #require(page.all("section").first { $0.attributes["aria-labelledby"] == id })
  }

  /// The cells of the rows of a table, with row headings.
  private func rows(_ table: Markup) throws -> [[String]] {
    try #require(table.first("tbody")).children.map { row in
      row.children.map { $0.text.trimmingBlanks }
    }
  }

  @Test func theWorstComesFirst() throws {
    let page = try page(ReportScene.bad)
    let header = try #require(page.first("header"))
    let headline = try #require(header.descendants.first { $0.classes.contains("headline") })
    #expect(
      headline.text
        == "2 processes leak; java[1744] leaks the most, with 312 leaked connections.")
    #expect(header.text.contains("1 accept queue is full: *:8080 is dropping connections."))
    #expect(
      page.all("h2").map(\.text) == [
        "Leaks by process", "Idle time", "States", "Meaning of the states", "Accept queues",
        "Decisions", "Health of the machine", "About this report",
      ])
  }

  @Test func keyFiguresHaveNames() throws {
    let figures = try #require(
      try page(ReportScene.bad).descendants.first { $0.classes.contains("figures") })
    #expect(
      zip(figures.all("dt"), figures.all("dd")).map { "\($0.text) \($1.text)" } == [
        "sockets 1,241", "established 890", "in CLOSE-WAIT 324",
        "leaked (CLOSE-WAIT ≥ 1m) 321", "leaking processes 2", "idle for 1h 0",
        "full accept queues 1", "closed by connreap 315",
      ])
  }

  @Test func aLeakHasItsGrowthAndForecast() throws {
    let section = try section("leaks", of: ReportScene.bad)
    let rows = try rows(#require(section.first("table")))
    #expect(
      rows[0] == [
        "java[1744]", "312", "324", "61", "≥ 2h00m first seen 1d00h ago",
        "10.0.0.20:5432 (311 of 312)",
        "≥ 300 per hour over 1h00m, by policy pool-leak: 12 in the first of 5 runs, 200 closed since",
        "3,901 of 4,096 (95 %) runs out in 39m00s at this growth",
      ])
    #expect(rows[1][6] == "unknown" && rows[1][7] == "unknown", "growth needs two runs")
    #expect(rows[2] == ["idler[3]", "0", "0", "4", "–", "–", "–", "–"])
    let bars = try #require(section.first("svg")).all("g").map { $0.first("title")?.text }
    #expect(bars == ["java[1744]: 312", "app[2210]: 9"])
  }

  @Test func unreadablePartsAreUnknown() throws {
    var contents = ReportScene.calm
    contents.history = .unknown("no run of 'policy apply' has been recorded yet")
    contents.queues = .unknown("cannot be listed")
    contents.decisions = .unknown("no audit log in /x")
    contents.findings = .unknown("not part of a recording")
    contents.acceptFigures = AcceptFigures()
    contents.place.kernel = nil
    contents.place.uptime = nil
    contents.idleUnknown = 4
    contents.leaks.undecided = 2
    contents.gaps = ["owners are missing: 34 processes could not be read"]
    let page = try page(contents)
    let figures = try #require(page.descendants.first { $0.classes.contains("figures") })
    #expect(
      figures.all("dd").map(\.text) == ["4", "3", "0"] + Array(repeating: "unknown", count: 5))
    let text = page.text
    #expect(text.contains("Growth is unknown: no run of 'policy apply' has been recorded yet."))
    #expect(text.contains("Unknown: cannot be listed."))
    #expect(text.contains("Unknown: no audit log in /x."))
    #expect(text.contains("Unknown: not part of a recording."))
    #expect(text.contains("overflows unknown, listener drops unknown"))
    #expect(text.contains("2 in CLOSE-WAIT for an unknown time."))
    #expect(text.contains("Unknown for all connections."))
    #expect(page.first("h3")?.text == "Gaps")
    #expect(text.contains("No leaks, as far as could be read."))
  }

  @Test func anEmptyMachineHasAPage() throws {
    var contents = ReportScene.calm
    contents.ipv4 = StateCounts()
    contents.queues = .read([])
    contents.findings = .read([])
    let page = try page(contents)
    #expect(page.all("svg").isEmpty, "there are no charts")
    #expect(page.text.contains("No sockets selected."))
    #expect(page.text.contains("No listening sockets selected."))
    #expect(page.text.contains("The audit log has no decisions about the selection."))
  }

  @Test func longTablesAreCut() throws {
    var contents = ReportScene.bad
    contents.leaks.processes = (1...45).map {
      ReportScene.process("p[\($0)]", pid: $0, leaked: 100 - Int($0))
    }
    contents.queues = .read((1...21).map { ReportScene.queue("*:\($0)", waiting: 1) })
    let leaks = try section("leaks", of: contents)
    #expect(try rows(#require(leaks.first("table"))).count == 20)
    #expect(leaks.text.contains("First 20 of 45 rows."))
    #expect(leaks.first("svg")?.all("g").count == 10)
    #expect(leaks.first("figcaption")?.text.contains(", top 10") == true)
    let queues = try section("queues", of: contents)
    #expect(queues.text.contains("First 20 of 21 rows."))
    contents.queues = .read((1...20).map { ReportScene.queue("*:\($0)") })
    #expect(try !section("queues", of: contents).text.contains("The first"))
  }

  @Test func decisionsAreListedByPolicyAndByTime() throws {
    var contents = ReportScene.bad
    var several = ReportScene.decision(5)
    several.count = 74
    guard case .read(var summary) = contents.decisions else { return }
    summary.latest.insert(several, at: 0)
    summary.damaged = 1
    summary.undecided = 2
    contents.decisions = .read(summary)
    let section = try section("decisions", of: contents)
    let tables = section.all("table")
    #expect(
      try rows(tables[0]) == [
        ["pool-leak", "312", "0", "1", "2", "0", "0"],
        ["kill", "3", "0", "0", "0", "0", "0"],
      ])
    let latest = try rows(tables[1])
    #expect(latest[0][2] == "74 to 10.0.0.20:5432 CLOSE-WAIT")
    #expect(latest[1][1] == "failed")
    #expect(latest[2][2] == "10.0.0.5:50122 → 10.0.0.20:5432 CLOSE-WAIT")
    #expect(section.text.contains("318 decisions in the audit log, from "))
    #expect(section.text.contains("1 unreadable log line left out."))
    #expect(section.text.contains("2 decisions could not be matched"))
  }

  @Test func findingsStartWithProblemsAndHaveRemedies() throws {
    let items = try section("findings", of: ReportScene.bad).all("li")
    #expect(
      items.map { $0.first("span")?.text.trimmingBlanks } == ["Problem", "Warning", "Note", "OK"])
    #expect(items[0].text.contains("Remedy: sysctl -w net.core.somaxconn=4096"))
    #expect(!items[1].text.contains("Remedy"))
  }

  /// The page makes no requests and runs no scripts.
  @Test func thePageIsSelfContained() throws {
    let bytes = ReportPage(ReportScene.bad).bytes
    let page = try Markup.page(bytes)
    let text = String(decoding: bytes, as: UTF8.self)
    for word in [
      "http:", "https:", "//", "url(", "@import", "<script", "<link", "<img", "javascript",
    ] {
      #expect(!text.contains(word), "\(word)")
    }
    for element in page.descendants {
      for name in element.attributes.keys {
        #expect(!["src", "href", "style", "srcset", "action"].contains(name), "\(name)")
        #expect(!name.hasPrefix("on"))
      }
    }
    let policy = page.all("meta").first { $0.attributes["http-equiv"] != nil }
    #expect(policy?.attributes["content"] == "default-src 'none'; style-src 'unsafe-inline'")
    #expect(text.utf8.count < 40_000)
  }

  @Test func hostileNamesAreTextEverywhere() throws {
    var random = Seeded(73)
    let plain = Self.shape(try page(Self.contents { _ in "x" }))
    for _ in 0..<300 {
      var names: [String] = []
      let contents = Self.contents { _ in
        names.append(HostileNames.next(&random) + "!")
        return names[names.count - 1]
      }
      let page = try page(contents)
      #expect(Self.shape(page) == plain, "names add no elements or attributes")
      for name in names {
        #expect(page.text.contains(EscapedText.escaped(name)), "\(EscapedText.escaped(name))")
      }
    }
  }

  /// The names of elements and of their attributes, in order.
  private static func shape(_ page: Markup) -> [String] {
    page.descendants.map { "\($0.name) \($0.attributes.keys.sorted().joined(separator: " "))" }
  }

  /// Contents with names from `name`.
  private static func contents(_ name: (Int) -> String) -> ReportContents {
    var contents = ReportScene.bad
    contents.place.host = name(0)
    contents.place.kernel = name(1)
    contents.place.selection = "--process " + name(2)
    contents.place.stateFolder = name(3)
    contents.place.networkNamespaces = [name(4)]
    contents.leaks.processes[0].label = name(5)
    contents.leaks.processes[0].growth?.policy = name(6)
    contents.leaks.processes[1].peer?.name = name(7)
    contents.queues = .read([
      ReportScene.queue(
        EscapedText.escaped(name(8)), process: EscapedText.escaped(name(9)), waiting: 200)
    ])
    if case .read(var summary) = contents.decisions {
      summary.totals[0].policy = name(10)
      summary.totals[1].counts[name(17)] = 1
      summary.latest[0].owners = name(11)
      summary.latest[0].origin = name(12)
      summary.latest[0].reason = name(13)
      contents.decisions = .read(summary)
    }
    contents.gaps = [EscapedText.escaped(name(14))]
    contents.findings = .read([
      Check(
        id: "x", severity: .problem, title: "x", detail: EscapedText.escaped(name(15)),
        remedy: EscapedText.escaped(name(16)))
    ])
    return contents
  }
}

extension String {
  /// The text without white space at either end.
  var trimmingBlanks: String {
    let start = drop { $0.isWhitespace }
    return String(start.reversed().drop { $0.isWhitespace }.reversed())
  }
}
