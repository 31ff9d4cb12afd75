import ArgumentParser
import Rendering

extension ColorChoice: WordChoice {}

/// The value of `-o`: a format in which `Content` can be printed. ArgumentParser rejects the others.
struct FormatChoice<Content: Printable>: ExpressibleByArgument {
  let format: OutputFormat

  static var table: FormatChoice { FormatChoice(format: .table) }

  private init(format: OutputFormat) { self.format = format }

  init?(argument: String) {
    guard let format = OutputFormat(rawValue: argument), Content.printers.formats.contains(format)
    else { return nil }
    self.init(format: format)
  }

  var defaultValueDescription: String { format.rawValue }

  static var allValueStrings: [String] { Content.printers.formats.map(\.rawValue) }

  static var allValueDescriptions: [String: String] { [:] }
}

/// The output options of a command that prints `Content`.
struct OutputOptions<Content: Printable>: ParsableArguments {
  @Option(name: .shortAndLong, help: .format)
  var output = FormatChoice<Content>.table

  @Flag(name: .customLong("no-header"), help: "omit the heading")
  var omitsHeader = false

  @Option(help: .color)
  var color = ColorChoice.auto

  var format: OutputFormat { output.format }

  /// The same as a value.
  var style: OutputStyle { OutputStyle(format: format, omitsHeader: omitsHeader, color: color) }
}

extension ArgumentHelp {
  /// The help of `-o`.
  static let format = ArgumentHelp("output format", valueName: "format")

  /// The help of `--color`.
  static let color = ArgumentHelp(
    "when to use colour; NO_COLOR and FORCE_COLOR are honoured", valueName: "mode")
}
