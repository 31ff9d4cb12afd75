/// Keys that stand twice in a map, under names of their own.
///
/// Yams stops at the first map with a key twice, and says where the first of the two is. Under
/// another name of the same length it no longer stops, and nothing moves: all other problems of
/// the file are found too, at their places.
struct RenamedKeys {
  private var names: [Unicode.Scalar: String] = [:]

  /// How many are renamed before the rest of the file has to wait for them to be mended.
  private static let most: UInt32 = 32
  /// How many characters are read again for that at most: each costs a look at the whole file.
  private static let mostText = 1 << 19
  /// Of the private use area: a file that has these is refused.
  private static let first: UInt32 = 0xe000

  /// The name that the key has in the file.
  func original(of name: String) -> String {
    name.unicodeScalars.first.flatMap { names[$0] } ?? name
  }

  /// `text` with another name for the key at `span`; nil when that cannot be done.
  ///
  /// `source` is the file, of which `text` is a copy with keys renamed already.
  mutating func rename(
    _ name: String, at span: SourceSpan, of source: PolicySource, in text: String
  ) -> String? {
    let count = UInt32(names.count)
    guard count < Self.most, Int(count) * text.utf8.count < Self.mostText,
      let sign = Unicode.Scalar(Self.first + count)
    else { return nil }
    let rest = source.rest(from: span)
    guard let start = rest.first, let letter = name.unicodeScalars.first else { return nil }
    let isQuoted = start == "\"" || start == "'"
    guard isQuoted ? rest.dropFirst().first == letter : start == letter else { return nil }
    names[sign] = name
    // The lines of both texts have the same scalars but for the renamed, which are as many.
    var scalars = Array(text.unicodeScalars)
    let place = source.offset(of: span) + (isQuoted ? 1 : 0)
    scalars[place] = sign
    var renamed = String.UnicodeScalarView()
    renamed.append(contentsOf: scalars)
    return String(renamed)
  }
}
