import Glibc
import Testing

/// The progress line, which only a terminal shows.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct ProgressTests {
  let namespace: NetworkNamespace

  init() throws {
    namespace = try NetworkNamespace()
    let listener = try namespace.server.listen("many", port: 8080)
    try namespace.server.connectPairs(8, as: "many", to: listener)
  }

  private var words: [String] {
    [
      Tools.connreap, "kill", "--yes", "--state-dir", namespace.state.path, "--local-port", "8080",
      "--rate", "4",
    ]
  }

  /// Runs a command on a terminal, and returns everything that it shows.
  ///
  /// - Parameter redirection: appended for the shell.
  private func onTerminal(
    _ words: [String], redirection: String = "", environment: [String: String] = [:]
  ) throws -> CommandResult {
    let command = words.map(Tools.quoted).joined(separator: " ") + redirection
    return try Command.run(
      namespace.entering + ["script", "-qec", command, "/dev/null"],
      environment: ["TERM": "xterm"].merging(environment) { $1 })
  }

  @Test func aTerminalShowsProgressAndClearsItAtTheEnd() throws {
    let shown = try onTerminal(words)
    #expect(shown.status == 0)
    #expect(shown.text.contains(/\r\u{1b}\[Kclosing [1-7] of 8, about [0-9a-z]+ left/))
    let lastClear = try #require(shown.text.ranges(of: "\r\u{1b}[K").last)
    #expect(!shown.text[lastClear.upperBound...].contains("closing"))
    #expect(shown.text[lastClear.upperBound...].contains("closed 8"), "the results follow")
  }

  @Test func aDumbTerminalShowsNoProgress() throws {
    let shown = try onTerminal(words, environment: ["TERM": "dumb"])
    #expect(!shown.text.contains("\u{1b}") && !shown.text.contains("closing"))
    #expect(shown.text.contains("closed 8"))
  }

  @Test func redirectedStandardErrorContainsNoProgress() throws {
    let errors = namespace.state.path + "/errors"
    let shown = try onTerminal(words, redirection: " 2>\(errors)")
    #expect(!shown.text.contains("closing"))
    #expect(try Command.run(["cat", errors]).text == "")
  }

  @Test func aPipeContainsNoProgress() throws {
    let ended = try namespace.connreap(Array(words.dropFirst()))
    #expect(!ended.errorText.contains("\u{1b}") && !ended.errorText.contains("closing"))
  }

  @Test(.needsTracing) func aSlowScanShowsProgress() throws {
    let slow = [
      "strace", "-f", "-o", "/dev/null", "-e", "trace=recvmsg", "-e",
      "inject=recvmsg:delay_enter=1500000:when=1",
    ]
    let shown = try onTerminal(slow + [Tools.connreap, "list"])
    #expect(shown.status == 0)
    #expect(shown.text.contains("\r\u{1b}[Kreading connections, 1s"))
  }

  @Test func theLogDoesNotReuseClosedStandardDescriptors() throws {
    let words = words.map { "'\($0)'" }.joined(separator: " ")
    let ended = try Command.run(
      namespace.entering + ["bash", "-c", "\(words) --rate 100 <&- >&- 2>&-"])
    #expect(ended.status == 0)
    #expect(try AuditRecord.all(in: namespace.state.path).count == 16, "only log entries")
  }
}
