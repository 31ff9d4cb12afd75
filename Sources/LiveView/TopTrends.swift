package import Presentation

/// How the groups have changed since the view began to count them.
///
/// Its size is bounded: it covers a limited number of groups, each with a limited number of points.
/// When the points are used up, each pair becomes one.
package struct TopTrends {
  private var histories: [ConnectionGroup.Identity: History] = [:]
  private var start: Duration?
  private var last = Duration.zero
  /// The time that one point covers.
  private var step = Duration.seconds(2)
  /// Whether a group without a history had no connections before.
  private var isComplete = true

  /// The maximum number of points.
  static let capacity = 32
  /// The maximum number of groups.
  static let maximumGroups = 4096
  /// How long a new group or connection is highlighted.
  static let highlight = Duration.seconds(5)

  private struct History {
    /// The number of connections at the start; nil if unknown.
    var first: Int?
    var count: Int
    /// When it was first counted; nil if at the start.
    var appeared: Duration?
    /// The most connections in CLOSE-WAIT at each point; nil if unknown.
    var points: [Int?]
  }

  /// Creates a history without groups.
  package init() {}

  /// Whether nothing has been counted yet.
  package var isEmpty: Bool { start == nil }

  /// The time since the first count.
  package var elapsed: Duration { start.map { last - $0 } ?? .zero }

  /// Takes the counts of `groups` at `time`, on a monotonic clock.
  package mutating func take(_ groups: [TopView.Group], at time: Duration) {
    let begin = start ?? time
    let isFirst = start == nil
    (start, last) = (begin, max(last, time))
    var point = max(0, Int((time - begin) / step))
    while point >= Self.capacity {
      for key in histories.keys { histories[key]?.points.halve() }
      step *= 2
      point /= 2
    }
    var seen: Set<ConnectionGroup.Identity> = []
    for group in groups.map(\.group) {
      let key = group.identity
      seen.insert(key)
      if histories[key] == nil {
        guard histories.count < Self.maximumGroups else {
          isComplete = false
          continue
        }
        let before: Int?? = isFirst ? .some(group.figures.count) : isComplete ? .some(0) : nil
        histories[key] = History(
          first: before ?? nil, count: 0, appeared: isFirst ? nil : time,
          points: Array(repeating: isComplete ? 0 : nil, count: isFirst ? 0 : point))
      }
      histories[key]?.count = group.figures.count
      histories[key]?.points.set(group.figures.closeWait, at: point)
    }
    // Groups without connections.
    for key in histories.keys where !seen.contains(key) {
      if histories.count < Self.maximumGroups {
        histories[key]?.count = 0
        histories[key]?.points.set(0, at: point)
      } else {
        histories[key] = nil
        isComplete = false
      }
    }
  }

  /// The change in the number of connections since the start; nil if unknown, as at the start.
  package func change(of group: ConnectionGroup) -> Int? {
    guard elapsed > .zero, let history = histories[group.identity] else { return nil }
    return history.first.map { history.count - $0 }
  }

  /// Whether `group` appeared recently.
  package func isNew(_ group: ConnectionGroup) -> Bool {
    guard let appeared = histories[group.identity]?.appeared else { return false }
    return last - appeared < Self.highlight
  }

  /// The connections of `group` in CLOSE-WAIT over time, as bars in at most `width` columns; empty
  /// if there were none.
  package func trend(of group: ConnectionGroup, width: Int) -> String {
    guard width > 0, let points = histories[group.identity]?.points,
      let most = points.lazy.compactMap({ $0 }).max(), most > 0
    else { return "" }
    let columns = min(width, points.count)
    return (0..<columns).reduce(into: "") { text, column in
      let range = column * points.count / columns..<(column + 1) * points.count / columns
      text += Self.bar(points[range].lazy.compactMap { $0 }.max(), of: most)
    }
  }

  private static let bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// A bar as high as the share of `value`; the lowest is only for zero.
  private static func bar(_ value: Int?, of most: Int) -> String {
    guard let value else { return " " }
    guard value > 0 else { return bars[0] }
    let level = Int((Double(value) / Double(most) * Double(bars.count - 1)).rounded())
    return bars[max(1, level)]
  }
}

extension [Int?] {
  /// Sets the point at `index`, or raises it. Points without a count keep the previous value.
  fileprivate mutating func set(_ value: Int, at index: Int) {
    if index < count {
      self[index] = Swift.max(self[index] ?? 0, value)
    } else {
      let previous = last ?? nil
      while count < index { append(previous) }
      append(value)
    }
  }

  /// Merges each pair of points into its larger one.
  fileprivate mutating func halve() {
    self = stride(from: 0, to: count, by: 2).map { index in
      self[index..<Swift.min(index + 2, count)].lazy.compactMap { $0 }.max()
    }
  }
}
