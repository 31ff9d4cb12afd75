/// How connections are printed.
package enum OutputFormat: String, CaseIterable {
  case table
  case wide
  case json
  case jsonl
  case csv
}

/// How a command prints.
package struct OutputStyle: Sendable {
  package let format: OutputFormat
  /// Whether tables and CSV have no heading.
  package let hidesHeader: Bool
  package let color: ColorChoice

  package init(format: OutputFormat, hidesHeader: Bool, color: ColorChoice) {
    self.format = format
    self.hidesHeader = hidesHeader
    self.color = color
  }
}
