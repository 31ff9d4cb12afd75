import Glibc
import Testing

/// The confirmation of `kill`: a prompt on a terminal, `--yes` without one.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct ConfirmationTests {
  let namespace: NetworkNamespace
  let pair: (listener: Socket, client: Socket, server: Socket)

  init() throws {
    namespace = try NetworkNamespace()
    pair = try namespace.pair(port: 8080)
  }

  private var words: [String] { ["kill", "--state-dir", namespace.state.path] }
  private var selection: [String] { ["--local-port", "8080"] }

  private func plan() throws -> String {
    let dry = try namespace.kill(["--dry-run", "-o", "json"] + selection)
    return try namespace.state.write("plan.json", dry.text)
  }

  private var isAlive: Bool { get throws { try pair.client.reaches(pair.server) } }

  @Test(arguments: [["table"], ["json"]])
  func withoutATerminalYesIsRequired(format: [String]) throws {
    for words in [words + selection, words + ["--plan", try plan()]] {
      for input in ["", "y\n", "yes\nyes\n"] {
        let ended = try namespace.connreap(words + ["-o"] + format, input: input)
        #expect(ended.status == 2)
        #expect(ended.text.isEmpty)
        #expect(ended.errorText.contains("refused: 1 connection would be closed"))
        #expect(ended.errorText.contains("add --yes"))
      }
    }
    #expect(try isAlive)
    #expect(try AuditRecord.all(in: namespace.state.path).isEmpty)
  }

  @Test func yesSkipsTheConfirmationWithoutATerminal() throws {
    let ended = try namespace.connreap(words + selection + ["-y"])
    #expect(ended.status == 0)
    #expect(try pair.client.receive() == .failed("ECONNRESET"))
  }

  @Test func aDryRunNeedsNoConfirmation() throws {
    #expect(try namespace.connreap(words + selection + ["-n"]).status == 0)
    #expect(try namespace.connreap(words + ["-n", "--plan", try plan()]).status == 0)
    #expect(try isAlive)
  }

  @Test func nothingToCloseNeedsNoConfirmation() throws {
    #expect(try namespace.connreap(words + ["--local-port", "9999"]).status == 0)
    try namespace.server.rename("sshd")
    #expect(try namespace.connreap(words + selection).status == 0)
    #expect(try isAlive)
  }

  @Test func theLimitIsReportedBeforeTheMissingConfirmation() throws {
    try namespace.server.connectPairs(3, as: "more", to: pair.listener)
    let ended = try namespace.connreap(words + selection + ["--max", "2"])
    #expect(ended.status == 2)
    #expect(ended.errorText.contains("--max 2"))
  }

  @Test func aClosedStandardInputIsNotATerminal() throws {
    let script = "exec <&-; \"$@\""
    let ended = try Command.run(
      namespace.entering + ["sh", "-c", script, "sh", Tools.connreap] + words + selection)
    #expect(ended.status == 2)
    #expect(try isAlive)
  }

  // MARK: On a terminal

  /// A terminal that runs `kill` once ``start()`` is called.
  private func terminal(_ redirections: String = "", plan: String? = nil) throws -> TerminalPane {
    let pane = try TerminalPane(in: namespace, width: 120)
    let chosen = plan.map { ["--plan", $0] } ?? selection
    let command = ([Tools.connreap] + words + chosen).joined(separator: " ")
    try pane.run(
      "until [ -e \(namespace.state.path)/go ]; do sleep 0.05; done; "
        + "\(command) \(redirections); echo status $?")
    return pane
  }

  private func start() throws { _ = try namespace.state.write("go", "") }

  private static let prompt = "Close it? [y/N]"

  @Test(.needs("tmux"), arguments: [false, true])
  func inputTypedBeforeThePromptIsIgnored(isPlan: Bool) throws {
    let pane = try terminal(plan: isPlan ? try plan() : nil)
    try pane.press("y", "Enter", "y", "Enter")
    try start()
    try pane.wait(for: Self.prompt)
    #expect(
      try holds(for: .milliseconds(300)) {
        try !pane.screen().contains { $0.hasPrefix("status") }
      })
    #expect(try isAlive)
    try pane.press("n", "Enter")
    try pane.wait(for: "nothing was closed")
    try pane.wait(for: "status 0")
    #expect(try isAlive)
  }

  @Test(.needs("tmux"), arguments: ["y", "Y", "yes", " YES "])
  func yesClosesTheConnection(answer: String) throws {
    let pane = try terminal()
    try start()
    let screen = try pane.wait(for: Self.prompt)
    #expect(screen.contains { $0.contains("127.0.0.1:8080 → 127.0.0.1:\(pair.client.port)") })
    try pane.run(answer)
    try pane.wait(for: "closed 1, gone 0, failed 0")
    try pane.wait(for: "status 0")
    #expect(try pair.client.receive() == .failed("ECONNRESET"))
  }

  @Test(.needs("tmux"), arguments: ["", "n", "yy", "yes please", "q", "да"])
  func anyOtherAnswerClosesNothing(answer: String) throws {
    let pane = try terminal()
    try start()
    try pane.wait(for: Self.prompt)
    try pane.run(answer)
    try pane.wait(for: "nothing was closed")
    try pane.wait(for: "status 0")
    #expect(try isAlive)
  }

  @Test(.needs("tmux"), arguments: [["C-d"], ["y", "C-d", "C-d"]])
  func endOfInputMeansNo(keys: [String]) throws {
    let pane = try terminal()
    try start()
    try pane.wait(for: Self.prompt)
    for key in keys { try pane.press(key) }
    try pane.wait(for: "nothing was closed")
    try pane.wait(for: "status 0")
    #expect(try isAlive)
  }

  @Test(.needs("tmux"))
  func controlCEndsTheRun() throws {
    let pane = try terminal()
    try start()
    try pane.wait(for: Self.prompt)
    try pane.press("C-c")
    try pane.wait("the shell prompt") { $0.last { !$0.isEmpty } == "$" }
    #expect(try isAlive)
  }

  @Test(.needs("tmux"))
  func pastedLinesAreNotAnAnswer() throws {
    let pane = try terminal()
    try start()
    try pane.wait(for: Self.prompt)
    try pane.paste("y\n# something else\n")
    try pane.wait(for: "more than one line was entered at once")
    try pane.wait(for: "status 2")
    #expect(try isAlive)
  }

  @Test(.needs("tmux"), arguments: [">/dev/null", "2>/dev/null", "| cat", ">/dev/null 2>&1"])
  func redirectedOutputLeavesThePromptOnTheTerminal(redirections: String) throws {
    let pane = try terminal(redirections)
    try start()
    let screen = try pane.wait(for: Self.prompt)
    if redirections.contains(">/dev/null") && redirections != "2>/dev/null" {
      #expect(screen.contains("1 connection will be closed."))
    }
    #expect(try isAlive)
    try pane.press("y", "Enter")
    try pane.wait(for: "status 0")
    #expect(try pair.client.receive() == .failed("ECONNRESET"))
  }

  @Test(.needs("tmux"))
  func redirectedInputRequiresYesEvenOnATerminal() throws {
    let pane = try terminal("</dev/null")
    try start()
    try pane.wait(for: "add --yes")
    try pane.wait(for: "status 2")
    #expect(try isAlive)
  }
}
