/// The output format of `-o`.
package enum OutputFormat: String, CaseIterable {
  case table
  case wide
  case json
  case jsonl
  case csv
}

/// The output options of a command.
package struct OutputStyle: Sendable {
  package let format: OutputFormat
  /// The heading, width and colours of text.
  package var layout: Table.Layout
  /// Whether standard output is a terminal.
  package let isTerminal: Bool

  package init(format: OutputFormat, omitsHeader: Bool = false, color: ColorChoice) {
    self.format = format
    let terminal = Terminal.of(Standard.output, columns: Environment.ofProcess["COLUMNS"])
    isTerminal = terminal.isTerminal
    layout = Table.Layout(
      showsHeader: !omitsHeader, width: terminal.width,
      colors: color.isOn(for: terminal, environment: .ofProcess))
  }
}
