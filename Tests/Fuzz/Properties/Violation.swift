/// A property that an input shows not to hold.
package struct Violation: Error, CustomStringConvertible {
  /// What is not as it must be.
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// Throws `message` unless `isSo`.
func require(_ isSo: Bool, _ message: @autoclosure () -> String) throws(Violation) {
  guard isSo else { throw Violation(message()) }
}

/// Throws unless `text` is something, on one line, and can do nothing to a terminal.
func requireOneLine(_ text: String) throws(Violation) {
  try require(!text.isEmpty, "a message says nothing")
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator:
      throw Violation(
        "U+\(String(scalar.value, radix: 16)) is in the message \(text.debugDescription)")
    default: continue
    }
  }
}
