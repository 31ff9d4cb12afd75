import Testing

@testable import Operations

/// Command lines to type next.
@Suite(.serialized) struct CommandLineWordsTests {
  @Test(arguments: [
    (["kill", "--port", "80"], ["kill", "--max", "650", "--port", "80"]),
    (["kill", "--max", "10", "--port", "80"], ["kill", "--max", "650", "--port", "80"]),
    (["kill", "--port", "80", "--max=10"], ["kill", "--max", "650", "--port", "80"]),
    (
      ["kill", "-y", "state", "close-wait"], ["kill", "--max", "650", "-y", "state", "close-wait"]
    ),
  ])
  func anOptionIsReplaced(words: [String], expected: [String]) {
    let before = CommandLineWords.all
    defer { CommandLineWords.all = before }
    CommandLineWords.all = words
    #expect(CommandLineWords.replacingOption("--max", with: "650") == expected)
  }

  @Test func wordsAreQuotedForAShell() {
    #expect(
      CommandLineWords.shell(["a", "a b", "", "it's", "*.jar", "x=1,2"])
        == #"a 'a b' '' 'it'\''s' '*.jar' x=1,2"#)
  }
}
