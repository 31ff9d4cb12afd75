package import Screens

/// A line of text being typed.
package struct LineEditor: Equatable {
  package private(set) var scalars: [Unicode.Scalar]
  /// The cursor's position: the index at which the next character is inserted.
  package private(set) var cursor: Int

  /// The maximum number of characters, more than a filter needs.
  package static let maximumLength = 1000

  package init(_ text: String) {
    scalars = Array(text.unicodeScalars.prefix(Self.maximumLength))
    cursor = scalars.count
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
    text.unicodeScalars.append(contentsOf: scalars[..<cursor])
    return text
  }

  /// Handles an editing key.
  ///
  /// - Returns: whether `key` is one.
  package mutating func handle(_ key: ScreenKey) -> Bool {
    switch key {
    case .character(let scalar):
      guard scalars.count < Self.maximumLength else { return true }
      scalars.insert(scalar, at: cursor)
      cursor += 1
    case .backspace:
      guard cursor > 0 else { return true }
      cursor -= 1
      scalars.remove(at: cursor)
    case .delete:
      if cursor < scalars.count { scalars.remove(at: cursor) }
    case .left: cursor = max(0, cursor - 1)
    case .right: cursor = min(scalars.count, cursor + 1)
    case .home: cursor = 0
    case .end: cursor = scalars.count
    case .clear: (scalars, cursor) = ([], 0)
    case .clearWord:
      var start = cursor
      while start > 0, scalars[start - 1] == " " { start -= 1 }
      while start > 0, scalars[start - 1] != " " { start -= 1 }
      scalars.removeSubrange(start..<cursor)
      cursor = start
    default: return false
    }
    return true
  }

  /// Handles a key that edits without adding a character.
  ///
  /// - Returns: whether `key` is one.
  package mutating func handle(editing key: ScreenKey) -> Bool {
    switch key {
    case .backspace, .delete, .left, .right, .clear, .clearWord: handle(key)
    default: false
    }
  }
}
