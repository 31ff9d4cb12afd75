/// Chooses the columns that fit a terminal, the most important first.
enum TopColumnChoice {
  /// A column that may be shown.
  struct Candidate {
    /// The width that its cells need.
    var natural: Int
    /// The narrowest width that it may shrink to.
    var minimum: Int
    /// The rank by importance; the highest is omitted first.
    var weight: Int
    /// Whether it is shown even if the others have no ample room.
    var isStandard: Bool
  }

  /// The indices of the candidates that fit `room`, in order; at least one if there is any.
  static func indices(of candidates: [Candidate], room: Int, gap: Int) -> [Int] {
    var chosen: Set<Int> = []
    var minimumTotal = 0
    var ampleTotal = 0
    for index in candidates.indices.sorted(by: { candidates[$0].weight < candidates[$1].weight }) {
      let candidate = candidates[index]
      let gap = chosen.isEmpty ? 0 : gap
      minimumTotal += min(candidate.natural, candidate.minimum) + gap
      ampleTotal += min(candidate.natural, 2 * candidate.minimum) + gap
      let fits = candidate.isStandard ? minimumTotal <= room : ampleTotal <= room
      guard fits || chosen.isEmpty else { break }
      chosen.insert(index)
    }
    return chosen.sorted()
  }
}
