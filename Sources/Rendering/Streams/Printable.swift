/// Content that a command prints in the format of `-o`.
package protocol Printable {
  /// One function for each format that the content has.
  static var printers: Printers<Self> { get }
}

/// How `Content` is printed: one function for each output format that it supports.
package struct Printers<Content>: Sendable {
  package typealias Printer =
    @Sendable (
      _ content: Content, _ layout: Table.Layout, _ stream: inout OutputStream
    ) throws -> Void

  private let table: Printer
  private let others: [(format: OutputFormat, print: Printer)]

  package init(
    table: @escaping Printer, wide: Printer? = nil, json: Printer? = nil, jsonl: Printer? = nil,
    csv: Printer? = nil
  ) {
    self.table = table
    others = [
      (OutputFormat.wide, wide), (.json, json), (.jsonl, jsonl), (.csv, csv),
    ].compactMap { format, print in print.map { (format, $0) } }
  }

  /// The formats that have a function.
  package var formats: [OutputFormat] { [.table] + others.map(\.format) }

  /// The function for `format`, or the one for tables if there is none.
  package subscript(format: OutputFormat) -> Printer {
    others.first { $0.format == format }?.print ?? table
  }
}

extension OutputStyle {
  /// Prints `content` on standard output.
  package func print<Content: Printable>(_ content: Content) throws {
    var stream = OutputStream(Standard.output)
    try Content.printers[format](content, layout, &stream)
    try stream.flush()
  }

  /// Prints `content` as one of many: a terminal shows only the last one, and elsewhere a blank line
  /// separates texts.
  package func print<Content: Printable>(repeating content: Content, isFirst: Bool) throws {
    guard format == .table || format == .wide else { return try print(content) }
    var stream = OutputStream(Standard.output)
    if let frame = ScreenFrame(on: Standard.output, environment: .ofProcess) {
      let text = try OutputStream.collecting { try Content.printers[format](content, layout, &$0) }
      try stream.write { $0.append(contentsOf: frame.bytes(of: text, isFirst: isFirst)) }
    } else {
      if !isFirst { try stream.write("\n") }
      try Content.printers[format](content, layout, &stream)
    }
    try stream.flush()
  }
}

/// Content that is either text or a JSON document.
package struct TextOrJSON: Printable {
  private let text: (Table.Layout, inout OutputStream) throws -> Void
  private let json: (inout JSONWriter) -> Void

  /// - Parameter json: writes a whole document; it may write nothing.
  package init(
    text: @escaping (Table.Layout, inout OutputStream) throws -> Void,
    json: @escaping (inout JSONWriter) -> Void = { _ in }
  ) {
    self.text = text
    self.json = json
  }

  package static let printers = Printers<TextOrJSON>(
    table: { content, layout, stream in try content.text(layout, &stream) },
    json: { content, _, stream in try stream.writeJSON(content.json) })
}
