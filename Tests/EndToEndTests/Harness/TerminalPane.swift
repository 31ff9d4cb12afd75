import FoundationEssentials
import Glibc

/// A terminal of its own in which a shell runs in a network namespace: tmux, with a server that
/// reads no configuration and ends with this value.
final class TerminalPane {
  private let folder: TemporaryFolder
  private var tmux: [String] { ["tmux", "-S", folder.path + "/socket", "-f", "/dev/null"] }

  /// Starts a shell in `namespace`.
  ///
  /// - Parameter environment: what is set for the shell on top of the test's environment.
  init(
    in namespace: NetworkNamespace, width: Int = 80, height: Int = 24,
    environment: [String: String] = [:]
  ) throws {
    folder = try TemporaryFolder()
    let settings = ["LC_ALL": "C.UTF-8", "PS1": "$ "].merging(environment) { $1 }
    try tell(
      ["new-session", "-d", "-x", "\(width)", "-y", "\(height)", "--"] + namespace.entering
        + ["env"] + settings.map { "\($0)=\($1)" } + ["bash", "--norc", "--noprofile"])
    try wait("the shell asks") { $0.contains { $0.hasPrefix("$") } }
  }

  deinit { _ = try? Command.run(tmux + ["kill-server"]) }

  @discardableResult
  private func tell(_ words: [String]) throws -> Ended {
    // The server outlives the client that starts it, and must not keep the test's pipes.
    let ended = try Command.run(
      ["sh", "-c", "exec \"$@\" 3>&- 2>&1 </dev/null", "sh"] + tmux + words,
      environment: ["LC_ALL": "C.UTF-8", "TMUX": ""])
    guard ended.status == 0 else { throw HarnessProblem.fault("tmux \(words): \(ended.text)") }
    return ended
  }

  /// Presses keys, by tmux's names of them.
  func press(_ keys: String...) throws { try tell(["send-keys", "--"] + keys) }

  /// Answers a question that `top` shows, no sooner than a reader would.
  func answer(_ key: String) throws {
    pause(for: .milliseconds(500))
    try press(key)
  }

  /// Types a text.
  func type(_ text: String) throws { try tell(["send-keys", "-l", "--", text]) }

  /// Pastes a text, all of it at once, its line breaks as Enter: bracketed where the program has asked
  /// for that, and `isBracketed`.
  func paste(_ text: String, isBracketed: Bool = true) throws {
    try tell(["set-buffer", "--", text])
    try tell(["paste-buffer"] + (isBracketed ? ["-p"] : []))
  }

  /// Types a command, and Enter.
  func run(_ command: String) throws {
    try type(command)
    try press("Enter")
  }

  /// What the terminal shows, line by line, without blanks at the ends.
  func screen() throws -> [String] {
    try tell(["capture-pane", "-p"]).text
      .split(separator: "\n", omittingEmptySubsequences: false).map { line in
        var line = line
        while line.last == " " { line.removeLast() }
        return String(line)
      }
  }

  /// The same with the escape sequences of its looks.
  func looks() throws -> String { try tell(["capture-pane", "-p", "-e"]).text }

  /// A variable of tmux's, such as `alternate_on`.
  func variable(_ name: String) throws -> String {
    try tell(["display-message", "-p", "#{\(name)}"]).text.filter { $0 != "\n" }
  }

  /// Takes the terminal its second screen, as GNU screen has none unless it is told to.
  func takeSecondScreen() throws { try tell(["set-window-option", "alternate-screen", "off"]) }

  /// Gives the terminal another size.
  func resize(width: Int, height: Int) throws {
    try tell(["resize-window", "-x", "\(width)", "-y", "\(height)"])
  }

  /// Waits until the screen is as wanted.
  ///
  /// - Returns: it.
  @discardableResult
  func wait(
    _ what: String, seconds: Int = 20, until isSo: ([String]) throws -> Bool
  ) throws -> [String] {
    var screen: [String] = []
    try waitUntil(
      "\(what)\n\(screen.joined(separator: "\n"))", seconds: seconds, every: .milliseconds(50)
    ) {
      screen = try self.screen()
      return try isSo(screen)
    }
    return screen
  }

  /// Waits until a line of the screen contains `text`.
  @discardableResult
  func wait(for text: String, seconds: Int = 20) throws -> [String] {
    try wait("\"\(text)\"", seconds: seconds) { $0.contains { $0.contains(text) } }
  }
}
