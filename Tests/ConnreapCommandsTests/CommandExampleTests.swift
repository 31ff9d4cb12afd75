import ArgumentParser
import Testing

@testable import ConnreapCommands

/// The examples at the end of each command's help.
@Suite struct CommandExampleTests {
  /// The names of all commands, below the root.
  static let commands: [String] = {
    func names(_ type: any ParsableCommand.Type, _ path: [String]) -> [String] {
      [path.joined(separator: " ")]
        + type.configuration.subcommands.flatMap {
          names($0, path + [$0.configuration.commandName ?? ""])
        }
    }
    return names(ConnreapCommand.self, [])
  }()

  @Test func everyCommandHasThreeExamplesAndNothingElseHas() {
    for name in Self.commands { #expect(CommandExample.all[name]?.count == 3, "\(name)") }
    #expect(Set(CommandExample.all.keys) == Set(Self.commands))
  }

  @Test(arguments: commands) func everyExampleIsParsedAsItsCommand(name: String) throws {
    for example in CommandExample.all[name] ?? [] {
      let words = Self.words(of: example.line)
      #expect(words.first == "connreap")
      let command = try ConnreapCommand.parseAsRoot(Array(words.dropFirst()))
      let path = CommandPath(words.dropFirst())
      #expect(type(of: command) == path.type, "\(example.line)")
      #expect(path.name == name || path.name.hasPrefix(name), "\(example.line)")
    }
  }

  @Test(arguments: commands) func theHelpEndsWithTheExamples(name: String) throws {
    let path = CommandPath(name.split(separator: " ").map(String.init))
    let help = HelpText.help(path.type.helpMessage(columns: 80), of: path)
    let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex(of: "EXAMPLES:"))
    #expect(lines.suffix(from: start + 1).count == 6)
    for line in lines.suffix(from: start) { #expect(line.count <= 80, "\(line)") }
    #expect(help.utf8.allSatisfy { $0 < 0x80 }, "help is ASCII in every locale")
  }

  /// The words of the first command of a line, with single quotes resolved.
  private static func words(of line: String) -> [String] {
    var words: [String] = []
    for (index, part) in line.split(separator: "'").enumerated() {
      guard index % 2 == 0 else {
        words.append(String(part))
        continue
      }
      words += part.split(separator: " ").map(String.init)
    }
    return Array(words.prefix { $0 != ">" && $0 != "|" })
  }

  @Test func pathsFollowAliasesAndHelp() {
    #expect(CommandPath(["ls", "--idle", "1h"]).name == "list")
    #expect(CommandPath(["help", "policy", "plan"]).command == "connreap policy plan")
    #expect(CommandPath(["policy", "-h"]).name == "policy")
    #expect(CommandPath(["list", "kill"]).name == "list", "the rest is a filter")
    #expect(CommandPath([]).command == "connreap")
  }
}
