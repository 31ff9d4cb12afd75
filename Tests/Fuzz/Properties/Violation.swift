/// A property that does not hold for an input.
package struct Violation: Error, CustomStringConvertible {
  /// A description of the violation.
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// Throws `message` unless `condition` is true.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(Violation) {
  guard condition else { throw Violation(message()) }
}

/// Throws unless `text` is one nonempty line without characters that affect a terminal.
func requireOneLine(_ text: String) throws(Violation) {
  try require(!text.isEmpty, "a message is empty")
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator:
      throw Violation(
        "U+\(String(scalar.value, radix: 16)) in the message \(text.debugDescription)")
    default: continue
    }
  }
}
