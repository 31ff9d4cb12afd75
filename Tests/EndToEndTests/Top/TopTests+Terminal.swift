import Glibc
import Testing

/// How `top` treats the terminal.
extension TopTests {
  @Test(arguments: [SIGTERM, SIGHUP, SIGINT])
  func aSignalEndsItAndRestoresTheTerminal(number: Int32) throws {
    let pane = try started()
    kill(try pid(), number)
    try checkRestored(pane, status: 128 + number)
  }

  @Test func controlCEndsIt() throws {
    let pane = try started()
    try pane.press("C-c")
    try checkRestored(pane, status: 130)
  }

  @Test(arguments: [SIGSEGV, SIGABRT, SIGILL, SIGBUS, SIGTRAP, SIGFPE])
  func aCrashRestoresTheTerminal(number: Int32) throws {
    let pane = try started(environment: ["SWIFT_BACKTRACE": "enable=no"])
    kill(try pid(), number)
    try checkRestored(pane, status: 128 + number)
  }

  @Test func withoutAnAlternateScreenTheShellPromptsOnAnEmptyLine() throws {
    let pane = try TerminalPane(in: namespace)
    try pane.disableAlternateScreen()
    try pane.run("\(command) --by none; echo status $?")
    try pane.wait(for: "8 connections")
    #expect(try pane.variable("alternate_on") == "0")
    try pane.press("q")
    let screen = try pane.wait("it has ended") { $0.contains { $0.contains("status 0") } }
    #expect(screen.contains("status 0"), "the line has no remains of the view")
    #expect(screen.contains { $0.contains("CLOSE-WAIT") }, "the last picture stays")
  }

  @Test func itCanBeStoppedAndResumed() throws {
    let pane = try started()
    try pane.press("C-z")
    try pane.wait(for: "Stopped")
    #expect(try pane.variable("alternate_on") == "0")
    try pane.press("Enter")
    try pane.run("fg")
    try pane.wait(for: "8 connections")
    #expect(try pane.variable("alternate_on") == "1")
    try pane.press("q")
    try pane.wait("it has ended") { _ in try pane.variable("alternate_on") == "0" }
  }

  @Test func warningsAboutFilesDoNotDisturbTheScreen() throws {
    _ = try namespace.state.write("connreap.db", "this is not a database, not even close")
    let pane = try started("--interval 500ms --by none", width: 120)
    try pane.press("/")
    try pane.type("age > 1h")
    try pane.press("Enter")
    let screen = try pane.wait(for: "runs are ignored")
    #expect(screen[0].hasPrefix("connreap top") && screen[3].contains("STATE"))
    #expect(screen.count { $0.contains("runs are ignored") } == 1)
  }

  @Test func aPausedScreenDoesNotChange() throws {
    let pane = try started()
    try pane.press("p")
    let screen = try pane.wait(for: "PAUSED")
    try held[3].client.reset()
    #expect(try holds(for: .milliseconds(1500)) { try pane.screen() == screen })
    try pane.press("p")
    try pane.wait("it resumes") { !$0.contains { $0.contains("8 connections") } }
  }

  @Test(.needsTracing) func aSlowScanDoesNotBlockKeys() throws {
    let pane = try TerminalPane(in: namespace, width: 120)
    let slow =
      "strace -f -o /dev/null -e trace=recvmsg -e inject=recvmsg:delay_enter=2000000"
    try pane.run("\(slow) \(command) --interval 500ms")
    try pane.wait(for: "reading connections")
    let start = ContinuousClock.now
    try pane.press("?")
    try pane.wait(for: "Keys of connreap top")
    #expect(ContinuousClock.now - start < .seconds(2), "before the kernel has answered")
    try pane.press("Escape")
    try pane.wait(for: "a scan takes", seconds: 60)
  }

  @Test func connectionsInOtherNamespacesAreShownAndClosed() throws {
    let pane = try TerminalPane(in: try NetworkNamespace())
    try pane.run("\(command) --interval 500ms --by none --netns \(namespace.server.pid)")
    try pane.wait(for: "8 connections")
    try pane.press("/")
    try pane.type("peer-port \(held[1].client.port)")
    try pane.press("Enter", "k")
    try pane.wait(for: "Close it? [y/N]")
    try pane.answer("y")
    try pane.wait(for: "closed 1, gone 0, failed 0")
    #expect(try namespace.row(of: held[1].server) == nil)
  }

  @Test func aNamespaceCreatedAfterTheQuestionDoesNotShiftOthers() throws {
    let pane = try TerminalPane(in: try NetworkNamespace())
    try pane.run(
      "\(command) --interval 60s --by none --netns all local-port \(held[1].server.port)")
    try pane.press("/")
    try pane.type("peer-port \(held[1].client.port)")
    try pane.press("Enter")
    try pane.wait(for: "1 connection, held by", seconds: 30)
    try pane.press("k")
    try pane.wait(for: "Close it? [y/N]", seconds: 30)
    // Named namespaces come before those that only processes are in.
    let name = "connreap-test-\(getpid())-new"
    try #require(try Command.run(["ip", "netns", "add", name]).status == 0)
    defer { _ = try? Command.run(["ip", "netns", "delete", name]) }
    try pane.answer("y")
    try pane.wait(for: "closed 1, gone 0, failed 0", seconds: 30)
    #expect(try namespace.row(of: held[1].server) == nil)
  }
}
