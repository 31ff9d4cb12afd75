import Rendering

/// The help that ArgumentParser generates, in the words of connreap and with examples.
enum HelpText {
  /// Prints `text`, which ArgumentParser generated for `words`: a help, a version or a script.
  static func print(_ text: String, for words: [String]) throws(OutputProblem) {
    let isHelp = text.hasPrefix("OVERVIEW:")
    var stream = OutputStream(Standard.output)
    try stream.write((isHelp ? help(text, of: CommandPath(words)) : text) + "\n")
    try stream.flush()
  }

  /// The help `text` of the command at `path`, with its examples.
  static func help(_ text: String, of path: CommandPath) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      builtIn.first { line.hasPrefix($0.name) }.map { pad(path, $0.name) + $0.help }
        ?? String(line)
    }
    while lines.last?.isEmpty == true { lines.removeLast() }
    let examples = CommandExample.all[path.name] ?? []
    if !examples.isEmpty { lines += ["", "EXAMPLES:"] }
    for example in examples { lines += ["  \(example.line)", "      \(example.purpose)"] }
    return lines.joined(separator: "\n")
  }

  /// The options that ArgumentParser adds, and what they do.
  private static let builtIn = [
    (name: "  --version  ", help: "show the version"),
    (name: "  -h, --help  ", help: "show this help"),
  ]

  private static func pad(_ path: CommandPath, _ name: String) -> String {
    // The short form is valid only without a command.
    let isVersion = name.hasPrefix("  --version") && path.name.isEmpty
    let shown = isVersion ? "  -V, --version" : name
    return shown + String(repeating: " ", count: max(1, 26 - shown.utf8.count))
  }
}
