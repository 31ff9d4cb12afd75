/// Fields of a CSV file (RFC 4180).
enum CSVText {
  /// Appends `text` as one field: escaped like names in tables, and quoted where CSV asks for it.
  static func append(_ text: String, to line: inout [UInt8]) {
    var escaped: [UInt8] = []
    EscapedText.append(text, to: &escaped)
    append(printable: escaped, to: &line)
  }

  /// Appends a field that is printable as it is.
  static func append(printable field: [UInt8], to line: inout [UInt8]) {
    let quote = UInt8(ascii: "\"")
    guard field.contains(where: { $0 == quote || $0 == UInt8(ascii: ",") }) else {
      line.append(contentsOf: field)
      return
    }
    line.append(quote)
    for byte in field {
      if byte == quote { line.append(quote) }
      line.append(byte)
    }
    line.append(quote)
  }
}
