import ArgumentParser
import Operations
import Rendering

extension OutputFormat: WordChoice {}

extension ColorChoice: WordChoice {}

/// The options of output that every command with a table takes.
struct OutputOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "how it is printed")
  var output = OutputFormat.table

  @Flag(name: .customLong("no-header"), help: "print no heading")
  var hidesHeader = false

  @Option(help: ArgumentHelp("when to colour; NO_COLOR is honoured", valueName: "when"))
  var color = ColorChoice.auto

  /// The same as a value.
  var style: OutputStyle {
    OutputStyle(format: output, hidesHeader: hidesHeader, color: color)
  }

  /// Refuses a format that `command` does not print.
  func check(_ command: String, prints formats: [OutputFormat]) throws {
    try output.check(command, prints: formats)
  }
}

extension OutputFormat {
  /// Refuses a format that is not among the `formats` that `command` prints.
  func check(_ command: String, prints formats: [OutputFormat]) throws {
    guard !formats.contains(self) else { return }
    let names = formats.map(\.rawValue)
    throw ValidationError(
      "\(command) does not print \(rawValue); use -o "
        + names.dropLast().joined(separator: ", ") + " or \(names.last ?? "")")
  }
}
