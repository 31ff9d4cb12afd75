/// A text bar with a resolution of an eighth of a column.
package enum Bar {
  private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

  /// The bar for `value`, on a scale where `greatest` takes `width` columns.
  ///
  /// A value above zero takes at least an eighth of a column.
  package static func text(_ value: Int, of greatest: Int, width: Int) -> String {
    guard value > 0, greatest > 0, width > 0 else { return "" }
    let share = Double(min(value, greatest)) / Double(greatest)
    let length = max(1, Int((share * Double(width * 8)).rounded(.down)))
    return String(repeating: "█", count: length / 8) + eighths[length % 8]
  }

  /// The width of bars after `used` columns of a terminal of `width` columns; zero if there is too
  /// little room for useful bars.
  package static func width(behind used: Int, in width: Int?) -> Int {
    guard let width else { return defaultWidth }
    let left = min(defaultWidth, width - used)
    return left < minimumWidth ? 0 : left
  }

  private static let defaultWidth = 30
  private static let minimumWidth = 5
}
