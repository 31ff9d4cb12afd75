import Glibc
import Testing

/// Signals that arrive after the answer and before `top` closes anything.
@Suite(
  .waitsForPrograms, .needsNamespaces, .needsDestroy, .needsTracing, .needs("tmux"), .serialized)
struct TopInterruptionTests {
  let namespace: NetworkNamespace

  init() throws {
    namespace = try NetworkNamespace()
    let listener = try namespace.server.listen("many", port: 8080)
    try namespace.server.connectPairs(12, as: "many", to: listener)
  }

  /// The process of `top`, which runs under strace.
  private func pid() throws -> pid_t {
    let ended = try Command.run(
      ["pgrep", "-f", "^\(Tools.connreap) top --state-dir \(namespace.state.path)"])
    return try #require(ended.lines.first.flatMap { pid_t($0) })
  }

  /// A terminal where the user has told `top` to close all 12 connections.
  ///
  /// strace applies `injection` to the first system call after the answer, before anything is
  /// closed.
  private func answered(_ injection: String) throws -> (pane: TerminalPane, pid: pid_t) {
    let pane = try TerminalPane(in: namespace)
    let trace = "\(namespace.state.path)/trace"
    let strace = "strace -f -o \(trace) -e trace=/mkdir -e inject=/mkdir:\(injection):when=1"
    let command =
      "\(strace) \(Tools.connreapWord) top --state-dir \(namespace.state.path)"
      + " --interval 500ms --by none --local-port 8080"
    try pane.run("\(command); echo status $?")
    try pane.wait(for: "12 connections")
    let pid = try pid()
    try pane.press("a")
    try pane.wait(for: "12 marked")
    try pane.press("k")
    try pane.wait(for: "Close 12 connections? [y/N]")
    try pane.answer("y")
    // Check the trace, not the screen: the injection may have stopped the whole process.
    try pane.wait("the answer is acted on") { _ in
      try Command.run(["grep", "-q", "mkdir", trace]).status == 0
    }
    return (pane, pid)
  }

  private func checkNothingWasClosed() throws {
    #expect(try namespace.rows("--local-port", "8080").count == 12)
    #expect(try AuditRecord.cookies(of: "closing", in: namespace.state.path).isEmpty)
  }

  @Test func aSignalBeforeTheFirstClosingStopsTheRun() throws {
    let (pane, pid) = try answered("delay_enter=8000000")
    kill(pid, SIGTERM)
    try pane.wait(for: "status \(128 + SIGTERM)")
    try checkNothingWasClosed()
  }

  /// The closing thread may continue before the thread that reads signals.
  @Test(arguments: [SIGTERM, SIGHUP, SIGINT])
  func anUnreadSignalStopsTheRun(number: Int32) throws {
    let (pane, pid) = try answered("signal=SIGSTOP")
    kill(pid, number)
    try pane.wait("it has ended") { screen in
      // It may stop only after this, so continue it again.
      kill(pid, SIGCONT)
      return screen.contains { $0.contains("status \(128 + number)") }
    }
    try checkNothingWasClosed()
  }
}
