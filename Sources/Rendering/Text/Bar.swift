/// A bar of text, an eighth of a column exact.
package enum Bar {
  private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

  /// The bar for `value`, where one for `greatest` is `width` columns wide.
  ///
  /// What is not nothing shows: it is an eighth of a column at the least.
  package static func text(_ value: Int, of greatest: Int, width: Int) -> String {
    guard value > 0, greatest > 0, width > 0 else { return "" }
    let share = Double(min(value, greatest)) / Double(greatest)
    let length = max(1, Int((share * Double(width * 8)).rounded(.down)))
    return String(repeating: "█", count: length / 8) + eighths[length % 8]
  }

  /// The width of bars behind columns of these widths, in a terminal of `width` columns; none
  /// where there is no room for bars that say something.
  package static func width(behind used: Int, in width: Int?) -> Int {
    guard let width else { return usual }
    let left = min(usual, width - used)
    return left < least ? 0 : left
  }

  private static let usual = 30
  private static let least = 5
}
