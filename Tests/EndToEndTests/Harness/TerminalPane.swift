import FoundationEssentials
import Glibc

/// A terminal with a shell in a network namespace, provided by tmux.
///
/// It uses a separate tmux server without configuration, which `deinit` stops.
final class TerminalPane {
  private let directory: TemporaryDirectory
  private var tmux: [String] { ["tmux", "-S", directory.path + "/socket", "-f", "/dev/null"] }

  /// Starts a shell in `namespace`.
  ///
  /// - Parameter environment: variables added to the test's environment for the shell.
  init(
    in namespace: NetworkNamespace, width: Int = 80, height: Int = 24,
    environment: [String: String] = [:]
  ) throws {
    directory = try TemporaryDirectory()
    let settings = ["LC_ALL": "C.UTF-8", "PS1": "$ "].merging(environment) { $1 }
    try runTmux(
      ["new-session", "-d", "-x", "\(width)", "-y", "\(height)", "--"] + namespace.entering
        + ["env"] + settings.map { "\($0)=\($1)" } + ["bash", "--norc", "--noprofile"])
    try wait("the shell prompt") { $0.contains { $0.hasPrefix("$") } }
  }

  deinit { _ = try? Command.run(tmux + ["kill-server"]) }

  @discardableResult
  private func runTmux(_ words: [String]) throws -> CommandResult {
    // The server outlives the client that starts it, and must not hold the test's pipes.
    let ended = try Command.run(
      ["sh", "-c", "exec \"$@\" 3>&- 2>&1 </dev/null", "sh"] + tmux + words,
      environment: ["LC_ALL": "C.UTF-8", "TMUX": ""])
    guard ended.status == 0 else { throw HarnessProblem.fault("tmux \(words): \(ended.text)") }
    return ended
  }

  /// Presses keys, named as in tmux.
  func press(_ keys: String...) throws { try runTmux(["send-keys", "--"] + keys) }

  /// Answers a question from `top`, after the time that a reader would need.
  func answer(_ key: String) throws {
    pause(for: .milliseconds(500))
    try press(key)
  }

  /// Presses and releases the first button of the mouse, as the terminal reports it to a program.
  func click(row: Int, column: Int) throws {
    try reportMouse(0x20, row: row, column: column)
    try reportMouse(0x23, row: row, column: column)
  }

  /// Turns the wheel by one notch.
  func turnWheel(row: Int, column: Int, isUp: Bool) throws {
    try reportMouse(isUp ? 0x60 : 0x61, row: row, column: column)
  }

  /// Sends a mouse report in the encoding of X10.
  private func reportMouse(_ button: Int, row: Int, column: Int) throws {
    let bytes = [0x1b, 0x5b, 0x4d, button, column + 33, row + 33]
    try runTmux(["send-keys", "-H"] + bytes.map { String($0, radix: 16) })
  }

  /// Lets programs set the clipboard, which is tmux's buffer.
  func acceptClipboard() throws { try runTmux(["set-option", "-s", "set-clipboard", "on"]) }

  /// The clipboard.
  func clipboard() throws -> String { try runTmux(["show-buffer"]).text }

  /// Types text.
  func type(_ text: String) throws { try runTmux(["send-keys", "-l", "--", text]) }

  /// Pastes text at once, with line breaks as Enter.
  ///
  /// - Parameter isBracketed: whether to use bracketed paste if the program has enabled it.
  func paste(_ text: String, isBracketed: Bool = true) throws {
    try runTmux(["set-buffer", "--", text])
    try runTmux(["paste-buffer"] + (isBracketed ? ["-p"] : []))
  }

  /// Types a command and presses Enter.
  func run(_ command: String) throws {
    try type(command)
    try press("Enter")
  }

  /// The lines on the screen, without trailing spaces.
  func screen() throws -> [String] {
    try runTmux(["capture-pane", "-p"]).text
      .split(separator: "\n", omittingEmptySubsequences: false).map { line in
        var line = line
        while line.last == " " { line.removeLast() }
        return String(line)
      }
  }

  /// The screen as text, with the escape sequences for color and style.
  func styledScreen() throws -> String { try runTmux(["capture-pane", "-p", "-e"]).text }

  /// The value of a tmux variable, such as `alternate_on`.
  func variable(_ name: String) throws -> String {
    try runTmux(["display-message", "-p", "#{\(name)}"]).text.filter { $0 != "\n" }
  }

  /// Disables the alternate screen, which GNU screen by default does not have.
  func disableAlternateScreen() throws {
    try runTmux(["set-window-option", "alternate-screen", "off"])
  }

  /// Resizes the terminal.
  func resize(width: Int, height: Int) throws {
    try runTmux(["resize-window", "-x", "\(width)", "-y", "\(height)"])
  }

  /// Waits until a condition holds for the screen.
  ///
  /// - Returns: the screen.
  @discardableResult
  func wait(
    _ description: String, seconds: Int = 20, until condition: ([String]) throws -> Bool
  ) throws -> [String] {
    var screen: [String] = []
    try waitUntil(
      "\(description)\n\(screen.joined(separator: "\n"))", seconds: seconds,
      every: .milliseconds(50)
    ) {
      screen = try self.screen()
      return try condition(screen)
    }
    return screen
  }

  /// Waits until a line of the screen contains `text`.
  @discardableResult
  func wait(for text: String, seconds: Int = 20) throws -> [String] {
    try wait("\"\(text)\"", seconds: seconds) { $0.contains { $0.contains(text) } }
  }
}
