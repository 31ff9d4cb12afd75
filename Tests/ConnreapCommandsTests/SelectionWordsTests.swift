import ArgumentParser
import Testing

@testable import ConnreapCommands
@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// A report says what was selected, in words that select the same.
@Suite struct SelectionWordsTests {
  private func words(_ arguments: String...) throws -> String {
    try SelectionOptions.parse(arguments).words
  }

  @Test func nothingIsNoWord() throws {
    #expect(try words() == "")
    #expect(try SelectionOptions.parse([]).isEmpty)
  }

  @Test func optionsComeBackAsTheyAreWritten() throws {
    #expect(
      try words("--process", "java", "--state", "close-wait", "--state", "established", "-4")
        == "--state close-wait --state established -4 --process java")
    #expect(try words("-6", "--netns", "all") == "-6 --netns all")
  }

  @Test func filtersAreToldApart() throws {
    #expect(
      try words("--filter", "idle > 1h", "port", "80") == "--filter 'idle > 1h' port 80")
  }

  @Test func whatTheySayIsTheSameSelection() throws {
    let names = ["--host", "10.0.0.0/8", "--idle", "1h", "--user", "0"]
    let again = try SelectionOptions.parse(
      SelectionOptions.parse(names).words.split(separator: " ").map(String.init))
    #expect(try again.words == SelectionOptions.parse(names).words)
  }
}
