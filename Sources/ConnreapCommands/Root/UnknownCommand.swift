import ArgumentParser
import Operations
import Rendering
import Selection

/// The error for an unknown command.
enum UnknownCommand {
  /// Rejects `words` that start with an unknown command, and suggests the nearest one.
  static func refuse(_ words: [String]) throws(CommandFailure) {
    var known = ConnreapCommand.configuration.subcommands
    for word in words {
      guard !known.isEmpty, !word.hasPrefix("-"), word != "help" else { return }
      let names = known.compactMap { $0.configuration.commandName }
      guard let next = known.first(where: { $0.configuration.commandName == word }) else {
        let nearest = NearestWord.to(word, among: names).map { "did you mean '\($0)'?" }
        throw CommandFailure(
          .usage, "unknown command '\(EscapedText.escaped(word))'",
          remedy: nearest ?? "the commands are \(names.joined(separator: ", "))")
      }
      known = next.configuration.subcommands
    }
  }
}
