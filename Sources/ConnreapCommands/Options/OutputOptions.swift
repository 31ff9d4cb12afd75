import ArgumentParser

/// How connections are printed.
enum OutputFormat: String, WordChoice {
  case table
  case wide
  case json
  case jsonl
  case csv
}

extension ColorChoice: WordChoice {}

/// The options of output that every command with a table takes.
struct OutputOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "how it is printed")
  var output = OutputFormat.table

  @Flag(name: .customLong("no-header"), help: "print no heading")
  var hidesHeader = false

  @Option(help: ArgumentHelp("when to colour; NO_COLOR is honoured", valueName: "when"))
  var color = ColorChoice.auto
}
