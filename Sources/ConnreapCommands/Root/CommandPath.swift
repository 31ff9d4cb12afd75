import ArgumentParser

/// The command that words of a command line name, such as `policy plan`.
struct CommandPath {
  /// The command and its parents, from the root.
  let types: [any ParsableCommand.Type]

  /// Finds the command in `words`; words that are not commands end the search.
  init(_ words: some Sequence<String>) {
    var types: [any ParsableCommand.Type] = [ConnreapCommand.self]
    for word in words.drop(while: { $0 == "help" }) {
      let next = types.last?.configuration.subcommands.first { $0.configuration.isNamed(word) }
      guard let next else { break }
      types.append(next)
    }
    self.types = types
  }

  /// The command itself.
  var type: any ParsableCommand.Type { types.last ?? ConnreapCommand.self }

  /// The names below the root, such as `policy plan`; empty for the root.
  var name: String {
    types.dropFirst().compactMap { $0.configuration.commandName }.joined(separator: " ")
  }

  /// The whole command, such as `connreap policy plan`.
  var command: String { name.isEmpty ? "connreap" : "connreap \(name)" }
}
