/// The name of a descriptor in an `fd` folder, that can be counted up.
struct CountedName {
  private(set) var number: Int32 = 0
  /// Digits that end with a NUL, at the end of it: 10 are the most that an `Int32` has.
  private var characters = InlineArray<11, CChar>(repeating: 0)
  private var start = 9

  /// The name `0`.
  init() { characters[start] = Self.zero }

  /// The name of the descriptor `number`.
  init(_ number: Int32) {
    self.number = number
    var rest = number
    start = 10
    repeat {
      start -= 1
      characters[start] = Self.zero + CChar(rest % 10)
      rest /= 10
    } while rest > 0
  }

  private static let zero = CChar(bitPattern: UInt8(ascii: "0"))
  private static let nine = CChar(bitPattern: UInt8(ascii: "9"))

  /// Makes it the name of the next number; there is no descriptor above `Int32.max`.
  mutating func increment() {
    number += 1
    var place = 9
    while place >= start, characters[place] == Self.nine {
      characters[place] = Self.zero
      place -= 1
    }
    if place < start {
      start = place
      characters[place] = Self.zero
    }
    characters[place] += 1
  }

  /// Calls `body` with the name, which ends with a NUL.
  func withCharacters<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    unsafe characters.span.extracting(start...).withUnsafeBufferPointer { digits in
      guard let first = digits.baseAddress else { return unsafe body("") }
      return unsafe body(first)
    }
  }
}
