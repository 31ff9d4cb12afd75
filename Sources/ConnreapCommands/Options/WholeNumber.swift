import ArgumentParser
import Connections

/// Numbers in options.
enum WholeNumber {
  /// Reads `text`.
  ///
  /// - Throws: the reason, if it is not a whole number or has a leading zero.
  static func read(_ text: String) throws -> Int {
    guard !LeadingZero.starts(text) else { throw ValidationError(LeadingZero.message(text)) }
    guard let number = Int(text) else { throw ValidationError("not a whole number") }
    return number
  }
}
