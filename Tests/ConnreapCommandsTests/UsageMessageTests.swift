import ArgumentParser
import Testing

@testable import ConnreapCommands
@testable import Operations

/// Errors of ArgumentParser, in the voice of connreap's own errors.
@Suite struct UsageMessageTests {
  private func failure(_ words: [String]) throws -> CommandFailure {
    let error = try #require(throws: (any Error).self) {
      try ConnreapCommand.parseAsRoot(words)
    }
    return UsageMessage(ConnreapCommand.message(for: error), for: CommandPath(words)).failure
  }

  @Test(arguments: [
    (["list", "--hots", "x"], "unknown option --hots; did you mean --host?"),
    (["list", "--dport", "80"], "unknown option --dport; did you mean --peer-port?"),
    (["doctor", "--dport", "80"], "unknown option --dport"),
    (["list", "--foo"], "unknown option --foo"), (["list", "-x"], "unknown option -x"),
    (["kill", "--yes=1"], "--yes takes no value"), (["list", "--host"], "--host: missing host"),
    (["list", "--limit"], "--limit: missing number"),
    (["list", "--limit", "-1"], "--limit: missing number"),
    (["policy", "plan"], "missing file"), (["report"], "missing option --html"),
    (["policy", "schema", "x"], "unexpected argument \"x\""),
    (["policy", "schema", "x", "y"], "unexpected argument \"x\""),
  ])
  func parseErrorsPointToTheHelp(words: [String], message: String) throws {
    let failure = try failure(words)
    #expect(failure.message == message)
    #expect(failure.status == .usage)
    #expect(failure.remedy == "see '\(CommandPath(words).command) --help'")
  }

  @Test(arguments: [
    (["list", "-o", "xml"], "-o: unknown format \"xml\"", "table, wide, json, jsonl, csv"),
    (
      ["list", "--output=xml"], "--output: unknown format \"xml\"", "table, wide, json, jsonl, csv"
    ),
    (["doctor", "-o", "jsn"], "-o: unknown format \"jsn\"; did you mean \"json\"?", "table, json"),
    (["list", "--color", "red"], "--color: unknown mode \"red\"", "auto, always, never"),
    (["list", "-o", "it's"], "-o: unknown format \"it's\"", "table, wide, json, jsonl, csv"),
    (["list", "-o", ""], "-o: unknown format \"\"", "table, wide, json, jsonl, csv"),
    (["list", "-o", "\u{1b}[2J"], #"-o: unknown format "\x1b[2J""#, "table"),
  ])
  func unknownWordsListTheChoices(words: [String], message: String, choices: String) throws {
    let failure = try failure(words)
    #expect(failure.message == message)
    #expect(failure.remedy?.contains("s are \(choices)") == true, "\(failure.remedy ?? "")")
  }

  @Test(arguments: [
    (["list", "--limit", "x"], "--limit: not a whole number"),
    (["metrics", "--top", "x"], "--top: not a whole number"),
    (
      ["list", "--limit", "010"],
      "--limit: \"010\" starts with 0 and could be read as octal; write 10"
    ),
    (["list", "--limit", "0"], "--limit must be at least 1"),
    (["list", "--explain", "-o", "csv"], "--explain requires -o table or -o json"),
    (["list", "--proc-root", "x"], "--proc-root requires --replay"),
  ])
  func errorsOfConnreapAreKept(words: [String], message: String) throws {
    let failure = try failure(words)
    #expect(failure.message == message)
    #expect(failure.remedy == nil)
  }

  /// Many words are listed only if none is suggested.
  @Test func longListsAreLeftOutBesideASuggestion() {
    let words = (1...13).map { "word-\($0)" }
    let near = CommandFailure.unknown("word", "word_1", of: "--x", among: words)
    #expect(near.message == "--x: unknown word \"word_1\"; did you mean \"word-1\"?")
    #expect(near.remedy == nil)
    let far = CommandFailure.unknown("word", "other", of: nil, among: words)
    #expect(far.message == "unknown word \"other\"")
    #expect(far.remedy == "the words are " + words.joined(separator: ", "))
    let few = CommandFailure.unknown("word", "word_1", of: nil, among: Array(words.prefix(12)))
    #expect(few.remedy?.hasPrefix("the words are word-1, ") == true)
  }
}
