/// Fields of a CSV file (RFC 4180).
package enum CSVText {
  /// Appends `text` as one field, escaped like names in tables, and quoted if necessary.
  package static func append(_ text: String, to line: inout [UInt8]) {
    var escaped: [UInt8] = []
    EscapedText.append(text, to: &escaped)
    append(printable: escaped, to: &line)
  }

  /// Appends `fields` as one line.
  package static func appendLine(_ fields: [String], to lines: inout [UInt8]) {
    for (index, field) in fields.enumerated() {
      if index > 0 { lines.append(UInt8(ascii: ",")) }
      append(field, to: &lines)
    }
    lines.append(UInt8(ascii: "\n"))
  }

  /// Appends a field that needs no escaping.
  ///
  /// A field that a spreadsheet would evaluate as a formula gets a leading apostrophe, which marks
  /// it as text. A plain number, such as -5, stays a number.
  package static func append(printable field: [UInt8], to line: inout [UInt8]) {
    let quote = UInt8(ascii: "\"")
    let apostrophe = startsFormula(field) ? "'" : ""
    guard field.contains(where: { $0 == quote || $0 == UInt8(ascii: ",") }) else {
      line.append(contentsOf: apostrophe.utf8)
      line.append(contentsOf: field)
      return
    }
    line.append(quote)
    line.append(contentsOf: apostrophe.utf8)
    for byte in field {
      if byte == quote { line.append(quote) }
      line.append(byte)
    }
    line.append(quote)
  }

  /// The characters that start a formula in Excel, LibreOffice and Google Sheets. Excel also
  /// accepts the full-width forms of the first four.
  private static let formulaStarts = ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"]

  private static func startsFormula(_ field: [UInt8]) -> Bool {
    guard let first = field.first, !isOrdinary(first),
      formulaStarts.contains(where: { field.starts(with: $0.utf8) })
    else { return false }
    return !isNumber(field)
  }

  /// Whether a field with this first byte is neither a formula nor a signed number. Nearly all are.
  private static func isOrdinary(_ first: UInt8) -> Bool {
    switch first {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "["), UInt8(ascii: "/"):
      true
    default: false
    }
  }

  /// Whether `field` is a decimal number, optionally signed.
  private static func isNumber(_ field: [UInt8]) -> Bool {
    var digits = field[...]
    if let first = digits.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
      digits.removeFirst()
    }
    let parts = digits.split(
      separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    return parts.allSatisfy { part in
      !part.isEmpty && part.allSatisfy { (0x30...0x39).contains($0) }
    }
  }
}
