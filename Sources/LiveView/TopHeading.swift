package import Screens

/// A heading of the table, whose titles can be clicked.
package struct TopHeading {
  /// The titles, with the arrow of the order.
  package var line: ScreenLine
  /// What each title sorts by, with its columns on the screen.
  package var titles: [(columns: Range<Int>, key: TopSortKey)]

  /// The heading of columns of `widths`, `lead` columns from the left.
  init(_ line: ScreenLine, lead: Int, widths: [Int], gap: Int, keys: [TopSortKey?]) {
    self.line = ScreenLine([.init(String(repeating: " ", count: lead))] + line.spans)
    titles = []
    var start = lead
    for (width, key) in zip(widths, keys) {
      // A click in the gap means the title before it.
      if let key { titles.append((start..<start + width + gap, key)) }
      start += width + gap
    }
  }

  /// What the title at `column` sorts by; nil if there is none.
  package func key(at column: Int) -> TopSortKey? {
    titles.first { $0.columns.contains(column) }?.key
  }

  /// The arrow of an order.
  static func arrow(isDescending: Bool) -> String { isDescending ? "▼" : "▲" }
}
