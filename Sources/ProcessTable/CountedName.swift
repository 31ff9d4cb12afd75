/// The name of a descriptor in an `fd` directory, which can be incremented.
struct CountedName {
  private(set) var number: Int32 = 0
  /// Right-aligned digits and a final NUL; an `Int32` has at most 10 digits.
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

  /// Changes the name to the next number. No descriptor is above `Int32.max`.
  mutating func increment() {
    number += 1
    var index = 9
    while index >= start, characters[index] == Self.nine {
      characters[index] = Self.zero
      index -= 1
    }
    if index < start {
      start = index
      characters[index] = Self.zero
    }
    characters[index] += 1
  }

  /// Calls `body` with the NUL-terminated name.
  func withCharacters<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    unsafe characters.span.extracting(start...).withUnsafeBufferPointer { digits in
      guard let first = digits.baseAddress else { return unsafe body("") }
      return unsafe body(first)
    }
  }
}
