/// Finds the word that the user probably meant.
public enum NearestWord {
  /// The word in `known` closest to `word`, or the first of several; nil if none is close enough.
  ///
  /// Words of up to five letters may differ by one edit; every three more letters allow another.
  /// The comparison ignores case and treats `-` and `_` as equal.
  public static func to(_ word: some StringProtocol, among known: some Sequence<String>) -> String?
  {
    let wanted = folded(word)
    guard !wanted.isEmpty, wanted.count <= maximumLength else { return nil }
    let limit = max(1, wanted.count / 3)
    var nearest: (word: String, distance: Int)?
    for candidate in known {
      let letters = folded(candidate)
      guard letters.count <= maximumLength, abs(letters.count - wanted.count) <= limit else {
        continue
      }
      let distance = distance(wanted, letters)
      guard distance <= limit, distance < nearest?.distance ?? .max else { continue }
      nearest = (candidate, distance)
    }
    return nearest?.word
  }

  /// The longest word that is compared; no known word is nearly as long.
  private static let maximumLength = 64

  private static func folded(_ word: some StringProtocol) -> [Unicode.Scalar] {
    word.lowercased().unicodeScalars.map { $0 == "_" ? "-" : $0 }
  }

  /// The number of deletions, insertions, substitutions and adjacent swaps between two words.
  ///
  /// This is the Damerau–Levenshtein distance with each pair swapped at most once.
  static func distance(_ lhs: [Unicode.Scalar], _ rhs: [Unicode.Scalar]) -> Int {
    var before: [Int] = []
    var last = Array(0...rhs.count)
    for row in lhs.indices {
      var current = [row + 1]
      for column in rhs.indices {
        let changed = last[column] + (lhs[row] == rhs[column] ? 0 : 1)
        var least = min(changed, last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, lhs[row] == rhs[column - 1], lhs[row - 1] == rhs[column] {
          least = min(least, before[column - 1] + 1)
        }
        current.append(least)
      }
      before = last
      last = current
    }
    return last[rhs.count]
  }
}
