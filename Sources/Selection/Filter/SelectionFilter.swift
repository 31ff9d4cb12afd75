/// The filter language: `ss` filters, the pcap terms that `tcpkill` accepts, and every selection
/// key.
///
/// `and` and `or` have equal precedence and associate to the left. Adjacent terms are joined by
/// `and`. Both `ss` and pcap do this, although the manual of `ss` differs. `src` is the local end.
public enum SelectionFilter {
  /// The maximum length of a filter, in bytes.
  public static let lengthLimit = 1 << 16
  /// The maximum depth of a filter: parentheses, `not`, and switches between `and` and `or`.
  public static let depthLimit = 100

  /// Parses a filter.
  ///
  /// - Parameter names: looks up hosts, services, users and interfaces.
  /// - Throws: ``FilterProblem`` for the first error.
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
