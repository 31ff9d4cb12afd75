/// Substitute names for duplicate keys.
///
/// Yams stops at a map with a duplicate key and reports the position of the first. With a substitute
/// of the same length it goes on, so all other problems are found at their positions.
struct RenamedKeys {
  private var names: [Unicode.Scalar: String] = [:]

  /// The maximum number of renamed keys.
  private static let maximumCount: UInt32 = 32
  /// The maximum number of bytes parsed again: each renamed key costs another pass over the file.
  private static let maximumBytes = 1 << 19
  /// The first substitute, of the private use area. Files with these characters are rejected.
  private static let first: UInt32 = 0xe000

  /// The original name of a key.
  func original(of name: String) -> String {
    name.unicodeScalars.first.flatMap { names[$0] } ?? name
  }

  /// `text` with a substitute for the key at `span`; nil if it cannot be renamed.
  ///
  /// `text` is a copy of `source` in which other keys may be renamed already.
  mutating func rename(
    _ name: String, at span: SourceSpan, of source: PolicySource, in text: String
  ) -> String? {
    let count = UInt32(names.count)
    guard count < Self.maximumCount, Int(count) * text.utf8.count < Self.maximumBytes,
      let sign = Unicode.Scalar(Self.first + count)
    else { return nil }
    let rest = source.rest(from: span)
    guard let start = rest.first, let letter = name.unicodeScalars.first else { return nil }
    let isQuoted = start == "\"" || start == "'"
    guard isQuoted ? rest.dropFirst().first == letter : start == letter else { return nil }
    names[sign] = name
    // Renaming does not change the number of scalars.
    var scalars = Array(text.unicodeScalars)
    scalars[source.offset(of: span) + (isQuoted ? 1 : 0)] = sign
    var renamed = String.UnicodeScalarView()
    renamed.append(contentsOf: scalars)
    return String(renamed)
  }
}
