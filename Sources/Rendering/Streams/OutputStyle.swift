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
  /// Whether tables and CSV omit their heading.
  package let hidesHeader: Bool
  package let color: ColorChoice

  package init(format: OutputFormat, hidesHeader: Bool, color: ColorChoice) {
    self.format = format
    self.hidesHeader = hidesHeader
    self.color = color
  }
}
