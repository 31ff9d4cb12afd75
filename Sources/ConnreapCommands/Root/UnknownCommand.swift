import ArgumentParser
import Operations

/// The error for an unknown command.
enum UnknownCommand {
  /// Rejects `words` that start with an unknown command, and suggests the nearest one.
  static func refuse(_ words: [String]) throws(CommandFailure) {
    var known = ConnreapCommand.configuration.subcommands
    for word in words {
      guard !known.isEmpty, !word.hasPrefix("-"), word != "help" else { return }
      guard let next = known.first(where: { $0.configuration.isNamed(word) }) else {
        throw .unknown(
          "command", word, of: nil, among: known.compactMap { $0.configuration.commandName })
      }
      known = next.configuration.subcommands
    }
  }
}

extension CommandConfiguration {
  /// Whether `word` is the name of the command or an alias for it.
  func isNamed(_ word: String) -> Bool { commandName == word || aliases.contains(word) }
}
