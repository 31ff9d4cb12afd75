/// How connections are printed.
enum OutputFormat: String, CaseIterable {
  case table
  case wide
  case json
  case jsonl
  case csv
}

/// How a command prints.
struct OutputStyle: Sendable {
  let format: OutputFormat
  /// Whether tables and CSV have no heading.
  let hidesHeader: Bool
  let color: ColorChoice
}
