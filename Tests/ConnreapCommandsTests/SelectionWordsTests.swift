import ArgumentParser
import Testing

@testable import ConnreapCommands
@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// A report shows its selection as options that select the same.
@Suite struct SelectionWordsTests {
  private func words(_ arguments: String...) throws -> String {
    try SelectionOptions.parse(arguments).words
  }

  @Test func anEmptySelectionHasNoWords() throws {
    #expect(try words() == "")
    #expect(try SelectionOptions.parse([]).isEmpty)
  }

  @Test func optionsAreWrittenAsOnTheCommandLine() throws {
    #expect(
      try words("--process", "java", "--state", "close-wait", "--state", "established", "-4")
        == "--state close-wait --state established -4 --process java")
    #expect(try words("-6", "--netns", "all") == "-6 --netns all")
  }

  @Test func filtersAreDistinguished() throws {
    #expect(
      try words("--filter", "idle > 1h", "port", "80") == "--filter 'idle > 1h' port 80")
  }

  @Test func theWordsSelectTheSame() throws {
    let names = ["--host", "10.0.0.0/8", "--idle", "1h", "--user", "0"]
    let again = try SelectionOptions.parse(
      SelectionOptions.parse(names).words.split(separator: " ").map(String.init))
    #expect(try again.words == SelectionOptions.parse(names).words)
  }
}
