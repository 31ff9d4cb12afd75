/// Finds the word that was probably meant.
public enum NearestWord {
  /// The word of `known` that differs least from `word`; nil when none comes near.
  ///
  /// Near is one slip in a word of up to five letters and one more for each three letters above
  /// that. Letter case does not count, nor does the choice of `-` or `_`. Of equals, the first.
  public static func to(_ word: some StringProtocol, among known: some Sequence<String>) -> String?
  {
    let wanted = folded(word)
    guard !wanted.isEmpty, wanted.count <= longest else { return nil }
    let limit = max(1, wanted.count / 3)
    var nearest: (word: String, distance: Int)?
    for candidate in known {
      let letters = folded(candidate)
      guard letters.count <= longest, abs(letters.count - wanted.count) <= limit else { continue }
      let distance = distance(wanted, letters)
      guard distance <= limit, distance < nearest?.distance ?? .max else { continue }
      nearest = (candidate, distance)
    }
    return nearest?.word
  }

  /// How many slips lie between two words: a letter left out, put in, changed, or swapped with
  /// its neighbour (the distance of Damerau and Levenshtein, each pair swapped once).
  public static func distance(_ one: String, _ other: String) -> Int {
    distance(Array(one.unicodeScalars), Array(other.unicodeScalars))
  }

  /// Longer words are not compared: no word that is known comes near this.
  private static let longest = 64

  private static func folded(_ word: some StringProtocol) -> [Unicode.Scalar] {
    word.lowercased().unicodeScalars.map { $0 == "_" ? "-" : $0 }
  }

  private static func distance(_ one: [Unicode.Scalar], _ other: [Unicode.Scalar]) -> Int {
    var before: [Int] = []
    var last = Array(0...other.count)
    for row in one.indices {
      var current = [row + 1]
      for column in other.indices {
        let changed = last[column] + (one[row] == other[column] ? 0 : 1)
        var least = min(changed, last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, one[row] == other[column - 1], one[row - 1] == other[column] {
          least = min(least, before[column - 1] + 1)
        }
        current.append(least)
      }
      before = last
      last = current
    }
    return last[other.count]
  }
}
