/// A table of text: a heading, and cells that are made when they are needed.
///
/// Cells are made twice, once to measure and once to print, so that a million rows need no
/// memory of their own.
struct Table {
  let columns: [Column]
  let rowCount: Int
  /// Appends the text of the cell at a row and a column, printable as it is.
  let cell: (_ row: Int, _ column: Int, _ text: inout [UInt8]) -> Void
  /// How the cell looks.
  var style: (_ row: Int, _ column: Int) -> Style? = { _, _ in nil }

  struct Column {
    let title: String
    var alignment = Alignment.left
    /// The fewest columns of the terminal to which it may be cut; nil when it is never cut.
    var shrinksTo: Int?
  }

  enum Alignment {
    case left
    case right
  }

  /// How a table is printed.
  struct Layout {
    var showsHeader = true
    /// The width to fit into; nil for none.
    var width: Int?
    var colors = false
    /// What every line starts with.
    var indent = 0
  }

  private static let gap = 2
  private static let ellipsis = "…"

  /// Prints the table.
  func print(_ layout: Layout, to output: inout OutputStream) throws(OutputProblem) {
    let widths = fit(measure(showsHeader: layout.showsHeader), into: layout)
    var scratch: [UInt8] = []
    if layout.showsHeader {
      try output.write { line in
        for column in columns.indices {
          scratch.removeAll(keepingCapacity: true)
          scratch.append(contentsOf: columns[column].title.utf8)
          append(
            scratch, column: column, widths: widths, style: .bold, layout: layout, to: &line)
        }
      }
    }
    for row in 0..<rowCount {
      try output.write { line in
        for column in columns.indices {
          scratch.removeAll(keepingCapacity: true)
          cell(row, column, &scratch)
          append(
            scratch, column: column, widths: widths,
            style: layout.colors ? style(row, column) : nil, layout: layout, to: &line)
        }
      }
    }
  }

  private func measure(showsHeader: Bool) -> [Int] {
    var widths = columns.map { showsHeader ? $0.title.utf8.count : 0 }
    var scratch: [UInt8] = []
    for row in 0..<rowCount {
      for column in columns.indices {
        scratch.removeAll(keepingCapacity: true)
        cell(row, column, &scratch)
        widths[column] = max(widths[column], Self.width(of: scratch))
      }
    }
    return widths
  }

  /// Takes what is too much from the columns that may shrink, the last ones first.
  private func fit(_ natural: [Int], into layout: Layout) -> [Int] {
    guard let width = layout.width else { return natural }
    var widths = natural
    var excess = layout.indent + natural.reduce(0, +) + Self.gap * (columns.count - 1) - width
    for column in columns.indices.reversed() {
      guard excess > 0, let least = columns[column].shrinksTo else { continue }
      let taken = min(excess, max(0, widths[column] - least))
      widths[column] -= taken
      excess -= taken
    }
    return widths
  }

  private func append(
    _ text: [UInt8], column: Int, widths: [Int], style: Style?, layout: Layout,
    to line: inout [UInt8]
  ) {
    let isLast = column == columns.count - 1
    if column == 0 {
      line.append(contentsOf: repeatElement(UInt8(ascii: " "), count: layout.indent))
    }
    let (shown, width) = Self.cut(text, to: widths[column])
    let padding = repeatElement(UInt8(ascii: " "), count: max(0, widths[column] - width))
    if columns[column].alignment == .right { line.append(contentsOf: padding) }
    Style.append(style, isOn: layout.colors, to: &line) { $0.append(contentsOf: shown) }
    if isLast {
      while line.last == UInt8(ascii: " ") { line.removeLast() }
      line.append(UInt8(ascii: "\n"))
      return
    }
    if columns[column].alignment == .left { line.append(contentsOf: padding) }
    line.append(contentsOf: repeatElement(UInt8(ascii: " "), count: Self.gap))
  }

  private static func width(of text: [UInt8]) -> Int {
    text.allSatisfy { $0 < 0x80 } ? text.count : EscapedText.width(of: text)
  }

  private static func cut(_ text: [UInt8], to width: Int) -> (text: [UInt8], width: Int) {
    let natural = Self.width(of: text)
    guard natural > width, width > 0 else { return (text, natural) }
    var kept: [UInt8] = []
    var used = 0
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      let next = EscapedText.width(of: scalar)
      guard used + next < width else { break }
      kept.append(contentsOf: String(scalar).utf8)
      used += next
    }
    return (kept + Array(ellipsis.utf8), used + 1)
  }
}
