import Connections
import Selection
import TestSupport
import Testing

/// Options and filters accept durations and numbers of bytes in the form that tables print.
@Suite("Printed units")
struct PrintedUnitTests {
  private func predicate(_ key: SelectionKey, _ value: String) throws -> SelectionPredicate {
    try SelectionVocabulary.parse(key: key, value: value, names: FixedNames())
  }

  @Test(arguments: [SelectionKey.idle, .stalled, .age, .inState])
  func durations(key: SelectionKey) throws {
    var random = Seeded(11)
    for _ in 0..<3000 {
      let exact = max(1, random.next() >> UInt64.random(in: 1..<64, using: &random))
      let printed = DurationText.rounded(milliseconds: exact)
      let least: UInt64
      switch try predicate(key, printed) {
      case .term(.idle(let value)), .term(.stalled(let value)), .term(.age(let value)),
        .term(.inState(let value)):
        least = value
      default: throw Problem.otherTerm
      }
      #expect(least <= exact && DurationText.rounded(milliseconds: least) == printed)
      let filter = try predicate(.filter, "\(key.rawValue) >= \(printed)")
      #expect(filter == (try predicate(key, printed)))
    }
  }

  @Test(arguments: [SelectionKey.receiveQueue, .sendQueue])
  func bytes(key: SelectionKey) throws {
    var random = Seeded(12)
    for _ in 0..<3000 {
      let exact = max(
        1, UInt32(truncatingIfNeeded: random.next()) >> UInt32.random(in: 0..<32, using: &random))
      let printed = ByteText.rounded(UInt64(exact))
      let least: UInt32
      switch try predicate(key, printed) {
      case .term(.receiveQueue(let value)), .term(.sendQueue(let value)): least = value
      default: throw Problem.otherTerm
      }
      #expect(least <= exact && ByteText.rounded(UInt64(least)) == printed)
      #expect(try predicate(.filter, "\(key.rawValue) >= \(printed)") == predicate(key, printed))
    }
  }

  private enum Problem: Error { case otherTerm }
}
