/// The filter language: the filters of `ss`, the terms of pcap that `tcpkill` takes, and every key
/// of a selection.
///
/// `and` and `or` bind alike, from left to right, and terms side by side are joined by `and`: so it
/// is in `ss`, whatever its manual says, and in pcap. In both forms `src` is the local end.
public enum SelectionFilter {
  /// The longest filter, in bytes.
  public static let lengthLimit = 1 << 16
  /// How deep a filter may be: parentheses, `not`, and changes between `and` and `or`.
  public static let depthLimit = 100

  /// The selection that `text` spells.
  ///
  /// - Parameter names: looks up hosts, services, users and interfaces.
  /// - Throws: ``FilterProblem`` with the first part at fault.
  public static func parse(
    _ text: String, names: some NameResolver
  ) throws(FilterProblem) -> SelectionPredicate {
    let length = text.utf8.count
    guard length <= lengthLimit else {
      throw FilterProblem(
        .tooLong(limit: lengthLimit), at: lengthLimit..<lengthLimit, of: text)
    }
    var parser = FilterParser(
      text, tokens: try FilterLexer.tokens(of: text), names: names)
    return try parser.filter()
  }
}
