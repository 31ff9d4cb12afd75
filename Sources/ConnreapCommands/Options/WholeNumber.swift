import ArgumentParser
import Connections

/// The numbers that options take.
enum WholeNumber {
  /// The number that `text` is.
  ///
  /// - Throws: what an option shows of a value that is none, or that has a zero in front.
  static func read(_ text: String) throws -> Int {
    guard !LeadingZero.starts(text) else { throw ValidationError(LeadingZero.message(text)) }
    guard let number = Int(text) else { throw ValidationError("it is not a whole number") }
    return number
  }
}
