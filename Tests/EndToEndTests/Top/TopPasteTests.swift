import Glibc
import Testing

/// Text pasted into `top`, from terminals that mark it and from others, and in large amounts.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy, .needs("tmux"), .serialized)
struct TopPasteTests {
  let namespace: NetworkNamespace

  init() throws {
    namespace = try NetworkNamespace()
    let listener = try namespace.server.listen("many", port: 8080)
    try namespace.server.connectPairs(6, as: "many", to: listener)
  }

  private var words: [String] {
    [
      Tools.connreap, "top", "--state-dir", namespace.state.path, "--interval", "500ms", "--by",
      "none",
      "--local-port", "8080",
    ]
  }

  private var command: String { words.map(Tools.quoted).joined(separator: " ") }

  private func started() throws -> TerminalPane {
    let pane = try TerminalPane(in: namespace)
    try pane.run("\(command); echo status $?")
    try pane.wait(for: "6 connections")
    return pane
  }

  private func asked() throws -> TerminalPane {
    let pane = try started()
    try pane.press("a")
    try pane.wait(for: "6 marked")
    try pane.press("k")
    try pane.wait(for: "Close 6 connections? [y/N]")
    pause(for: .milliseconds(500))
    return pane
  }

  private func checkNothingWasClosed() throws {
    #expect(try namespace.rows("--local-port", "8080").count == 6)
    #expect(try AuditRecord.all(in: namespace.state.path).isEmpty)
  }

  @Test(arguments: [true, false], ["yes please", "y\ny\n", "hooray", "yyyyyyyy"])
  func pastedTextIsNoAnswer(isBracketed: Bool, text: String) throws {
    let pane = try asked()
    try pane.paste(text, isBracketed: isBracketed)
    try pane.wait(for: "Press y alone. Close 6 connections? [y/N]")
    pause(for: .milliseconds(500))
    try checkNothingWasClosed()
    // The question remains, and a separate key answers it.
    try pane.answer("y")
    try pane.wait(for: "closed 6, gone 0, failed 0")
    #expect(try namespace.rows("--local-port", "8080").isEmpty)
  }

  @Test func oneBracketedCharacterIsNoAnswer() throws {
    let pane = try asked()
    try pane.paste("y")
    try pane.wait(for: "Press y alone. Close 6 connections? [y/N]")
    try checkNothingWasClosed()
  }

  @Test(arguments: ["ky", "ak yes yes yes\n", "akyakyakyakyaky", "a\nk\ny\n", "/\nakyyyy"])
  func pastedTextThatAsksAndAnswersClosesNothing(text: String) throws {
    for isBracketed in [true, false] {
      let pane = try started()
      for _ in 0..<3 { try pane.paste(text, isBracketed: isBracketed) }
      if isBracketed { try pane.wait(for: "pasted text is ignored here") }
      pause(for: .milliseconds(800))
      try checkNothingWasClosed()
    }
  }

  @Test func bracketedTextEntersTheFilter() throws {
    let pane = try started()
    try pane.press("/")
    try pane.paste("state listen\nand local-port 8080")
    try pane.wait(for: "Filter: state listen and local-port 8080")
    try pane.press("Enter")
    try pane.wait(for: "127.0.0.1:8080 0.0.0.0:*")
    try pane.press("q")
    try pane.wait(for: "status 0")
    #expect(try pane.variable("bracket_paste_flag") != "1")
  }

  /// The pid of `top`.
  private func pid() throws -> pid_t {
    let ended = try Command.run(
      ["pgrep", "-f", "^\(Tools.connreap) top --state-dir \(namespace.state.path)"])
    return try #require(ended.lines.first.flatMap { pid_t($0) })
  }

  /// The CPU time of a process, in seconds.
  private func time(of pid: pid_t) throws -> Double {
    let stat = try Command.run(["cat", "/proc/\(pid)/stat"]).text
    let fields = stat.split(separator: ") ").last?.split(separator: " ") ?? []
    let ticks = (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)
    return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  @Test(arguments: [true, false])
  func tenThousandPastedCharactersTakeLittleTime(isBracketed: Bool) throws {
    let pane = try started()
    let pid = try pid()
    let before = try time(of: pid)
    try pane.press("/")
    try pane.paste(
      String(repeating: "port 80 or host 10.0.0.1 and ", count: 350), isBracketed: isBracketed)
    let message = "a filter has at most 1000 characters"
    try pane.wait(for: message, seconds: 60)
    // Escape arrives after all the text, so that none of it reaches the shell.
    try pane.press("Escape")
    try pane.wait("the filter is closed", seconds: 60) {
      !$0.contains { $0.contains(message) } && $0.contains { $0.contains("6 connections") }
    }
    #expect(try time(of: pid) - before < 5)
    try pane.press("q")
    try pane.wait(for: "status 0")
  }

  @Test func anEnormousTerminalTakesLittleMemory() throws {
    let script = """
      import fcntl, os, pty, select, struct, sys, termios, time
      pid, terminal = pty.fork()
      if pid == 0:
          time.sleep(0.3)
          os.environ["TERM"] = "xterm"
          os.execvp(sys.argv[1], sys.argv[1:])
      fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 3000, 3000, 0, 0))
      said, peak, resized, end = b"", 0, False, time.time() + 60
      while time.time() < end:
          if select.select([terminal], [], [], 0.2)[0]:
              try:
                  more = os.read(terminal, 1 << 20)
              except OSError:
                  break
              said += more
          try:
              for line in open(f"/proc/{pid}/status"):
                  if line.startswith("VmHWM:"):
                      peak = max(peak, int(line.split()[1]))
          except OSError:
              pass
          if not resized and b"6 connections" in said:
              resized = True
              fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 5000, 2000, 0, 0))
              time.sleep(1)
              os.write(terminal, b"q")
      print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), peak // 1024, resized,
            b"\\x1b[?2004h" in said, said.rstrip().rfind(b"\\x1b[?2004l") > said.rfind(b"\\x1b[?2004h"))
      """
    let ended = try Command.run(
      namespace.entering + [Tools.python, "-c", script] + words,
      seconds: 90)
    let fields = ended.text.split(whereSeparator: \.isWhitespace)
    try #require(fields.count == 5, "\(ended.text) \(ended.errorText)")
    #expect(fields[0] == "0" && fields[2] == "True", "it should run and exit: \(ended.text)")
    #expect(try #require(Int(fields[1])) < 300, "MiB")
    #expect(fields[3...] == ["True", "True"], "bracketed paste is turned on, and off at exit")
  }
}
