import Glibc
import Testing

/// Groups, lists, the mouse and the clipboard.
extension TopTests {
  /// A terminal that runs `top` as it starts without options.
  private func startedGrouped(
    width: Int = 80, height: Int = 24, environment: [String: String] = [:]
  ) throws -> TerminalPane {
    try started("--interval 500ms", width: width, height: height, environment: environment)
  }

  /// The position of `text` on the screen, counted from 0.
  private func place(of text: String, in screen: [String]) throws -> (row: Int, column: Int) {
    let row = try #require(screen.firstIndex { $0.contains(text) }, "\(text)")
    let range = try #require(screen[row].firstRange(of: text))
    return (row, screen[row][..<range.lowerBound].count)
  }

  @Test func itStartsWithProgramsWorstFirst() throws {
    let pane = try startedGrouped()
    let screen = try pane.wait(for: "▸ leaky-server")
    #expect(screen[2].hasPrefix("grouped by program, by CLOSE-WAIT, largest first"))
    #expect(screen[4].hasPrefix("  ▸ leaky-server[\(namespace.server.pid)]"))
    #expect(screen[5].hasPrefix("  ▸ shopper[\(held[0].client.pid)]"))
    #expect(screen[4].contains("█") && !screen[5].contains("█"), "only one leaks")
    #expect(!screen.contains { $0.contains("ESTAB  ") }, "the groups are folded")
  }

  @Test func aGrowingLeakShowsItsChange() throws {
    let pane = try startedGrouped()
    try pane.wait(for: "▸ leaky-server")
    try held[1].client.finish()
    try held[2].client.finish()
    try pane.wait("3 in CLOSE-WAIT") { $0.contains { $0.contains(#/leaky-server.* 4 +3 +0 /#) } }
    try held[3].client.reset()
    try pane.wait("one fewer") { $0.contains { $0.contains(#/leaky-server.* 3 +3 +-1 /#) } }
  }

  @Test func newConnectionsAreMarkedForAMoment() throws {
    let pane = try started()
    let listener = try namespace.server.listen("late", port: 8081)
    _ = try namespace.pair(to: listener, as: "late")
    try pane.wait("they are marked") { $0.count { $0.hasPrefix("+ ESTAB ") } == 2 }
    try pane.wait("the marks are gone") {
      $0.contains { $0.contains(":8081") } && !$0.contains { $0.hasPrefix("+ ") }
    }
  }

  @Test func theMouseSortsOpensAndScrolls() throws {
    let pane = try startedGrouped(height: 10)
    var screen = try pane.wait(for: "▸ leaky-server")
    let (row, column) = try place(of: "COUNT", in: screen)
    try pane.click(row: row, column: column)
    screen = try pane.wait(for: "COUNT▼")
    #expect(screen[2].hasPrefix("grouped by program, by count, largest first"))
    try pane.click(row: row, column: column)
    try pane.wait(for: "COUNT▲")
    let group = try place(of: "▸ shopper", in: try pane.screen())
    try pane.click(row: group.row, column: group.column)
    try pane.wait(for: "▾ shopper")
    try pane.turnWheel(row: 7, column: 10, isUp: false)
    screen = try pane.wait("it scrolled") { !$0.contains { $0.contains("▾ shopper") } }
    #expect(screen.contains { $0.contains("ESTAB") || $0.contains("FIN-WAIT-2") })
    try pane.turnWheel(row: 7, column: 10, isUp: true)
    try pane.wait(for: "▾ shopper")
    try pane.press("q")
    try pane.wait("the terminal has its mouse back") { _ in
      try pane.variable("mouse_any_flag") == "0"
    }
  }

  @Test func theMouseIsGivenBack() throws {
    let pane = try startedGrouped()
    #expect(try pane.variable("mouse_any_flag") == "1")
    try pane.press("m")
    try pane.wait("it is off") { _ in try pane.variable("mouse_any_flag") == "0" }
    try pane.press("m")
    try pane.wait("it is on") { _ in try pane.variable("mouse_any_flag") == "1" }
    kill(try pid(), SIGSEGV)
    try pane.wait("it has crashed") { _ in try pane.variable("mouse_any_flag") == "0" }
  }

  @Test func anAddressIsCopiedToTheTerminalsClipboard() throws {
    let pane = try started("--interval 500ms --by none --local-port 8080")
    try pane.acceptClipboard()
    try pane.press("/")
    try pane.type("peer-port \(held[2].client.port)")
    try pane.press("Enter", "c")
    try pane.wait(for: "copied 127.0.0.1:\(held[2].client.port)")
    #expect(try pane.clipboard() == "127.0.0.1:\(held[2].client.port)")
    try pane.press("C")
    try pane.wait(for: "copied 127.0.0.1:8080")
    #expect(try pane.clipboard() == "127.0.0.1:8080")
  }

  @Test func aTerminalWithoutClipboardIsNotAsked() throws {
    let pane = try started(environment: ["TERM": "vt100"])
    try pane.press("c")
    try pane.wait(for: "this terminal has no clipboard: 127.0.0.1:")
  }

  @Test func columnsAndOrdersAreChosenFromLists() throws {
    let pane = try started(width: 120)
    try pane.press("F2")
    var screen = try pane.wait(for: "Columns of connections")
    #expect(screen.contains { $0.hasPrefix(" [x] peer") })
    try pane.press("End", "Up", "Space", "Enter")
    screen = try pane.wait("the list is closed") { !$0.contains { $0.contains("Columns of") } }
    #expect(screen.contains { $0.contains(#/STATE .* UNIT +PROCESS/#) })
    try pane.press("F6")
    try pane.wait(for: "Sort connections by")
    try pane.press("Home", "Enter")
    try pane.wait(for: "STATE▲")
    try pane.press("F1")
    try pane.wait(for: "Keys of connreap top")
  }

  @Test func aWordIsSearchedFor() throws {
    let pane = try started()
    try pane.press("/")
    try pane.type("SHOPP")
    try pane.wait("only 4 lines") { screen in
      screen.count { $0.contains("shopper[") } == 4
        && !screen.contains { $0.contains("leaky-server") }
    }
    try pane.press("Enter")
    try pane.wait(for: "search SHOPP")
  }

  @Test func aWideTerminalShowsDetailsBesideTheTable() throws {
    let pane = try startedGrouped(width: 170, height: 40)
    let screen = try pane.wait(for: "Longest idle")
    #expect(screen.contains { $0.contains(#/│ Processes +4  leaky-server\[/#) })
    try pane.press("Enter", "Down")
    try pane.wait(for: "Cookie")
    try pane.resize(width: 159, height: 40)
    try pane.wait("no details") { !$0.contains { $0.contains("Cookie") } }
  }

  @Test func withoutUTF8TheSparklineIsASCII() throws {
    let pane = try startedGrouped(width: 170, environment: ["LC_ALL": "C"])
    let screen = try pane.wait("two points") { screen in
      screen.contains { $0.contains(#/leaky-server.* ##+ /#) }
    }
    #expect(screen.joined().utf8.allSatisfy { $0 < 0x80 })
    try pane.press("F6")
    let list = try pane.wait(for: "Sort groups by")
    #expect(list.joined().utf8.allSatisfy { $0 < 0x80 })
  }

  /// Even this unoptimized build on a busy machine keeps to a tenth of a core, with scans that are
  /// as frequent as the options allow.
  @Test func itTakesAtMostATenthOfACore() throws {
    let many = try namespace.server.listen("many", port: 8082)
    try namespace.server.connectPairs(2000, as: "many", to: many)
    let pane = try TerminalPane(in: namespace, width: 170, height: 50)
    try pane.run("\(command) --interval 100ms")
    try pane.wait(for: "4,008 connections")
    try pane.wait(for: "(10 % CPU)", seconds: 60)
    let pid = try pid()
    let (start, before) = (ContinuousClock.now, try processorTime(of: pid))
    try waitUntil("20 seconds have passed", seconds: 30, every: .milliseconds(500)) {
      ContinuousClock.now - start > .seconds(20)
    }
    let share =
      (try processorTime(of: pid) - before) / ((ContinuousClock.now - start) / .seconds(1))
    // A scan that has begun is not interrupted.
    #expect(share < 0.15)
  }

  /// The processor time of a process, in seconds.
  private func processorTime(of pid: pid_t) throws -> Double {
    let stat = try Command.run(["cat", "/proc/\(pid)/stat"]).text
    let fields = stat.split(separator: ") ").last?.split(separator: " ") ?? []
    let ticks = (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)
    return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}
