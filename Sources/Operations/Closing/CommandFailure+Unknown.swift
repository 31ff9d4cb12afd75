import Rendering
import Selection

extension CommandFailure {
  /// Bad usage: `value` is none of the words `known`. The nearest one is suggested. The remedy lists
  /// all of them, unless they are many and one is suggested.
  ///
  /// - Parameters:
  ///   - noun: what the words name, such as `column`.
  ///   - option: the name of the option; nil for a word of the command line.
  package static func unknown(
    _ noun: String, _ value: some StringProtocol, of option: String?, among known: [String]
  ) -> CommandFailure {
    let nearest = NearestWord.to(value, among: known)
    return CommandFailure(
      .usage,
      (option.map { "\($0): " } ?? "") + "unknown \(noun) \"\(EscapedText.escaped(String(value)))\""
        + (nearest.map { "; did you mean \"\($0)\"?" } ?? ""),
      remedy: nearest != nil && known.count > maximumListed
        ? nil : "the \(noun)s are " + known.joined(separator: ", "))
  }

  /// The maximum number of words listed although one of them is suggested.
  private static let maximumListed = 12
}
