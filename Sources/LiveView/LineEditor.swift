package import Screens

/// A line of text being typed.
package struct LineEditor: Equatable {
  package private(set) var scalars: [Unicode.Scalar]
  /// The cursor's position: the index at which the next character is inserted.
  package private(set) var place: Int

  /// The maximum number of characters, more than a filter needs.
  package static let longest = 1000

  package init(_ text: String) {
    scalars = Array(text.unicodeScalars.prefix(Self.longest))
    place = scalars.count
  }

  /// The whole text.
  package var text: String {
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars)
    return text
  }

  /// The text before the cursor.
  package var textBefore: String {
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars[..<place])
    return text
  }

  /// Handles an editing key.
  ///
  /// - Returns: whether `key` is one.
  package mutating func handle(_ key: ScreenKey) -> Bool {
    switch key {
    case .character(let scalar):
      guard scalars.count < Self.longest else { return true }
      scalars.insert(scalar, at: place)
      place += 1
    case .backspace:
      guard place > 0 else { return true }
      place -= 1
      scalars.remove(at: place)
    case .delete:
      if place < scalars.count { scalars.remove(at: place) }
    case .left: place = max(0, place - 1)
    case .right: place = min(scalars.count, place + 1)
    case .home: place = 0
    case .end: place = scalars.count
    case .clear: (scalars, place) = ([], 0)
    case .clearWord:
      var start = place
      while start > 0, scalars[start - 1] == " " { start -= 1 }
      while start > 0, scalars[start - 1] != " " { start -= 1 }
      scalars.removeSubrange(start..<place)
      place = start
    default: return false
    }
    return true
  }
}
