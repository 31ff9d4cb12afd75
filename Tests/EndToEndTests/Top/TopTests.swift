import Glibc
import Testing

/// `top` on a terminal: the tests send keys and read the screen.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy, .needs("tmux"), .serialized)
struct TopTests {
  let namespace: NetworkNamespace
  let held: [(client: Socket, server: Socket)]

  init() throws {
    namespace = try NetworkNamespace()
    try namespace.server.rename("leaky-server")
    let listener = try namespace.server.listen("shop", port: 8080)
    let client = try namespace.anotherPeer()
    try client.rename("shopper")
    var held: [(client: Socket, server: Socket)] = []
    for number in 0..<4 {
      held.append(try namespace.pair(to: listener, client: client, as: "shop-\(number)"))
    }
    self.held = held
    try held[0].client.finish()
  }

  var command: String { "\(Tools.connreapWord) top --state-dir \(namespace.state.path)" }

  /// A terminal that runs `top`, after its first scan.
  func started(
    _ options: String = "--interval 500ms --by none", width: Int = 80, height: Int = 24,
    environment: [String: String] = [:]
  ) throws -> TerminalPane {
    let pane = try TerminalPane(
      in: namespace, width: width, height: height, environment: environment)
    try pane.run("echo before; \(command) \(options); echo status $?; stty -a")
    try pane.wait(for: options.contains("--local-port") ? "4 connections" : "8 connections")
    return pane
  }

  /// Checks that `top` has exited and restored the terminal.
  func checkRestored(
    _ pane: TerminalPane, status: Int32, hasOtherScreen: Bool = true
  ) throws {
    let screen = try pane.wait(for: "status \(status)")
    try pane.wait("the shell prompts again") { $0.last { !$0.isEmpty } == "$" }
    let settings = try pane.screen().joined(separator: " ")
    for setting in [" echo", " icanon", " isig", " icrnl", " opost", " ixon"] {
      #expect(settings.contains(setting), "\(settings)")
    }
    #expect(!settings.contains("-echo ") && !settings.contains("-icanon"))
    #expect(try pane.variable("alternate_on") == "0")
    #expect(try pane.variable("cursor_flag") == "1", "the cursor is visible")
    #expect(try pane.variable("keypad_flag") == "0")
    if hasOtherScreen {
      #expect(screen.contains("before"), "the previous screen is restored")
      #expect(!screen.contains { $0.contains("CLOSE-WAIT") })
    }
  }

  @Test func connectionsAreShownWithTheirOwnersAndRates() throws {
    let pane = try started()
    let screen = try pane.wait("rates") { screen in
      screen.contains { $0.contains(#/ESTAB .* 0 +0 /#) }
    }
    #expect(screen[1].hasPrefix("6 ESTAB, 1 FIN-WAIT-2, 1 CLOSE-WAIT"))
    let heading = try #require(screen.first { $0.contains("STATE") })
    #expect(heading.contains(#/STATE +LOCAL +PEER +SENT/s +RECV/s +IDLE▼ +PROCESS/#))
    #expect(screen.count { $0.contains("leaky-server") } == 4)
    #expect(screen.count { $0.contains("shopper") } == 4)
    #expect(try pane.variable("alternate_on") == "1")
    try pane.press("q")
    try checkRestored(pane, status: 0)
  }

  @Test func movingBytesShowARate() throws {
    let pane = try started("--interval 1s --by none --local-port 8080", width: 110)
    for _ in 0..<30 {
      #expect(try held[1].client.send(String(repeating: "x", count: 40_000)) == nil)
      _ = try held[1].server.receive()
      pause(for: .milliseconds(100))
    }
    try pane.wait("a rate") { screen in
      screen.contains { $0.contains(#/ESTAB .* [0-9.]+k /#) }
    }
  }

  @Test func theFilterTakesEffectWhileItIsTyped() throws {
    let pane = try started()
    try pane.press("/")
    try pane.type("state close-wait")
    try pane.wait("one") { $0[1].hasPrefix("1 CLOSE-WAIT") }
    try pane.type(" and proces = x")
    let screen = try pane.wait(for: "did you mean \"process\"?")
    let row = try #require(
      screen.firstIndex { $0.hasPrefix("Filter: state close-wait and proces") })
    #expect(screen[row + 1] == String(repeating: " ", count: 29) + "^~~~~~")
    #expect(screen.count { $0.hasPrefix("  CLOSE-WAIT ") } == 1, "the last valid one applies")
    try pane.press("Escape")
    try pane.wait(for: "8 connections")
    // A state outside the default selection requires a new scan.
    try pane.press("f")
    try pane.type("state listen")
    try pane.press("Enter")
    try pane.wait(for: "127.0.0.1:8080 0.0.0.0:*")
  }

  @Test func groupsAndDetails() throws {
    let pane = try started()
    try pane.press("g")
    var screen = try pane.wait(for: "▸ leaky-server[\(namespace.server.pid)]")
    #expect(screen[2].hasPrefix("grouped by program, by CLOSE-WAIT, largest first"))
    #expect(screen[3].contains(#/PROGRAM +COUNT CLOSE-WAIT▼ CHANGE TREND/#))
    #expect(screen[4].contains(#/leaky-server\[[0-9]+\] +4 +1 /#), "the worst leak comes first")
    #expect(screen[5].hasPrefix("  ▸ shopper[\(held[0].client.pid)]"))
    try pane.press("Home", "Enter")
    screen = try pane.wait("unfolded") { $0.count { $0.contains(#/ESTAB +:?[0-9.:]+/#) } == 3 }
    #expect(screen[5].hasPrefix("  ▾ leaky-server["))
    try pane.press("g", "g", "g", "g", "/")
    try pane.type("state close-wait")
    try pane.press("Enter", "Enter")
    screen = try pane.wait(for: "the peer has closed, but the program here has not")
    #expect(
      screen.contains { $0.hasPrefix("Process         leaky-server[\(namespace.server.pid)]") })
    try pane.press("End")
    try pane.wait(for: "Cookie          0x\(held[0].server.cookie.drop { $0 == "0" || $0 == "x" })")
    try pane.press("h")
    try pane.press("?")
    try pane.wait(for: "Keys of connreap top")
  }

  @Test func markedConnectionsAreClosedAfterPlanAndQuestion() throws {
    let pane = try started("--interval 500ms --by none --local-port 8080")
    try pane.press("/")
    try pane.type("peer-port \(held[2].client.port)")
    try pane.press("Enter", "Space", "k")
    var screen = try pane.wait(for: "Close it? [y/N]")
    #expect(screen.contains { $0.contains("will be closed (RST to the peer)") })
    #expect(screen.contains { $0.contains("127.0.0.1:8080 → 127.0.0.1:\(held[2].client.port)") })
    // Any key except y means no.
    try pane.answer("Enter")
    try pane.wait(for: "nothing was closed")
    #expect(try namespace.row(of: held[2].server) != nil)
    #expect(try AuditRecord.all(in: namespace.state.path).isEmpty)
    try pane.press("k")
    try pane.wait(for: "Close it? [y/N]")
    try pane.answer("y")
    screen = try pane.wait(for: "closed 1, gone 0, failed 0")
    #expect(screen.contains { $0.contains("still holds 1 dead descriptor") })
    #expect(try namespace.row(of: held[2].server) == nil)
    #expect(try held[2].client.receive() == .failed("ECONNRESET"))
    #expect(try held[1].client.reaches(held[1].server), "the others stay open")
    let records = try AuditRecord.all(in: namespace.state.path)
    #expect(records.map(\.event) == ["closing", "closed"])
    #expect(records.allSatisfy { $0.command == "top" })
    #expect(records.allSatisfy { $0.connection.cookie == held[2].server.cookie })
    try pane.press("x")
    try pane.wait(for: "no connections match the filter")
  }

  @Test func protectedConnectionsAreSparedWithTheirReason() throws {
    try namespace.server.rename("sshd")
    let pane = try started("--interval 500ms --by none --local-port 8080", width: 120)
    try pane.press("a")
    try pane.wait(for: "4 marked")
    try pane.press("k")
    let screen = try pane.wait(for: "Nothing to close: all are spared.")
    #expect(screen.count { $0.contains("held by sshd[") } == 4)
    try pane.press("y")
    try pane.wait(for: "4 connections")
    #expect(try namespace.rows("--local-port", "8080").count == 4)
  }

  @Test func aPlanAboveTheMaximumNeedsItsNumber() throws {
    let pane = try started("--interval 500ms --by none --local-port 8080 --max 3")
    try pane.press("a", "k")
    try pane.wait(for: "More than --max 3: type 4 to close them:")
    try pane.answer("y")
    try pane.answer("3")
    try pane.press("Enter")
    try pane.wait(for: "nothing was closed")
    #expect(try namespace.rows("--local-port", "8080").count == 4)
    try pane.press("k")
    try pane.wait(for: "More than --max 3")
    try pane.paste("4\n", isBracketed: false)
    try pane.wait(for: "Type it by hand")
    #expect(try namespace.rows("--local-port", "8080").count == 4)
    try pane.answer("4")
    try pane.press("Enter")
    try pane.wait(for: "closed 4, gone 0, failed 0")
    #expect(try namespace.rows("--local-port", "8080").isEmpty)
  }

  @Test func theMissingCapabilityIsReported() throws {
    let pane = try TerminalPane(in: namespace)
    let words = (KillSafetyTests.withoutNetAdmin + [command]).joined(separator: " ")
    try pane.run("\(words) --interval 500ms --by none")
    try pane.wait(for: "8 connections")
    try pane.press("k")
    let screen = try pane.wait(for: "operation not permitted")
    #expect(screen.contains { $0.contains("CAP_NET_ADMIN") })
  }

  @Test func theCapabilityToCloseIsNotEffectiveWhileWatching() throws {
    let pane = try started("--interval 500ms --by none --local-port 8080")
    func bits(_ set: String) throws -> UInt64 {
      let status = try Command.run(["cat", "/proc/\(try pid())/status"])
      let line = try #require(status.lines.first { $0.hasPrefix(set + ":") })
      return try #require(UInt64(line.split(separator: "\t")[1], radix: 16))
    }
    let netAdmin: UInt64 = 1 << 12
    #expect(try bits("CapPrm") & netAdmin != 0 && bits("CapEff") & netAdmin == 0)
    try pane.press("k")
    try pane.wait(for: "Close it? [y/N]")
    #expect(try bits("CapEff") & netAdmin == 0 && bits("CapBnd") == 0)
    try pane.answer("y")
    try pane.wait(for: "closed 1, gone 0, failed 0")
    #expect(try bits("CapEff") & netAdmin == 0)
  }

  @Test func theWindowCanBeResized() throws {
    let pane = try started()
    try pane.resize(width: 130, height: 30)
    try pane.wait("the full screen") { screen in
      screen.count >= 29 && screen.contains { $0.contains("SEND-Q") }
        && screen.last { !$0.isEmpty }?.hasSuffix("q quit") == true
    }
    try pane.resize(width: 30, height: 6)
    try pane.wait("a narrow table") { screen in
      screen.contains { $0.contains("STATE") && !$0.contains("SENT") }
    }
    try pane.resize(width: 1, height: 2)
    try pane.resize(width: 80, height: 24)
    try pane.wait(for: "8 connections")
    try pane.press("q")
    try pane.wait(for: "status 0")
  }

  @Test(arguments: [
    ["TERM": "screen"], ["TERM": "vt100"], ["TERM": "linux"], ["NO_COLOR": "1"],
    ["LC_ALL": "C"],
  ])
  func otherTerminalsWork(environment: [String: String]) throws {
    let pane = try started(environment: environment)
    let screen = try pane.wait(for: "leaky-server")
    #expect(screen.count { $0.contains("8080") } == 8)
    let hasColors = try pane.styledScreen().contains("\u{1b}[31m")
    #expect(hasColors == (environment["NO_COLOR"] == nil && environment["TERM"] != "vt100"))
    if environment["LC_ALL"] == "C" {
      #expect(screen.joined().utf8.allSatisfy { $0 < 0x80 })
      #expect(screen.contains { $0.contains("IDLEv") })
    }
    try pane.press("Down", "Enter")
    try pane.wait(for: "Send-Q")
    try pane.press("Escape")
    try pane.wait(for: "STATE")
    try pane.press("q")
    let hasOtherScreen = environment["TERM"] != "vt100" && environment["TERM"] != "linux"
    try checkRestored(pane, status: 0, hasOtherScreen: hasOtherScreen)
  }

  @Test func theColorFlagTurnsColoursOffAndOn() throws {
    var pane = try started("--by none --color never")
    #expect(try !pane.styledScreen().contains("\u{1b}[31m"))
    pane = try started("--by none --color always", environment: ["NO_COLOR": "1"])
    #expect(try pane.styledScreen().contains("\u{1b}[31m"))
  }

  @Test func aTerminalWithoutCursorMovementIsRefused() throws {
    for name in ["dumb", "no-such-terminal"] {
      let pane = try TerminalPane(in: namespace, environment: ["TERM": name])
      try pane.run("\(command); echo status $?")
      let screen = try pane.wait(for: "status 64")
      #expect(screen.contains { $0.contains(name) })
    }
  }

  /// The pid of `top`.
  func pid() throws -> pid_t {
    let ended = try Command.run(
      ["pgrep", "-f", "^\(Tools.connreap) top --state-dir \(namespace.state.path)"])
    return try #require(ended.lines.first.flatMap { pid_t($0) })
  }
}
