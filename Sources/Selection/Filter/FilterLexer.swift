/// Splits a filter into tokens.
///
/// A word ends at white space or at an operator. A `!` ends it only before `=`. Words with such
/// characters need single or double quotes. A quote inside is doubled. A `\` belongs to the word,
/// unless it starts a token and an operator follows, as in shell-escaped filters.
struct FilterLexer {
  private let bytes: [UInt8]
  private let text: String
  private var position = 0

  init(_ text: String) {
    self.text = text
    bytes = Array(text.utf8)
  }

  /// All tokens; the last one is the end.
  static func tokens(of text: String) throws(FilterProblem) -> [FilterToken] {
    var lexer = FilterLexer(text)
    var tokens: [FilterToken] = []
    repeat { tokens.append(try lexer.next()) } while tokens.last?.kind != .end
    return tokens
  }

  private mutating func next() throws(FilterProblem) -> FilterToken {
    while let byte = byte(at: position), Self.isBlank(byte) { position += 1 }
    guard let first = byte(at: position) else {
      return FilterToken(kind: .end, text: "", at: position..<position)
    }
    if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") { return try quoted(by: first) }
    let start = position
    if first == UInt8(ascii: "\\"), isOperator(at: position + 1) { position += 1 }
    if let length = operatorLength(at: position) {
      position += length
      return FilterToken(
        string(position - length..<position), at: start..<position)
    }
    while let byte = byte(at: position), !Self.isBlank(byte), !endsWord(at: position) {
      position += 1
    }
    return FilterToken(string(start..<position), at: start..<position)
  }

  private mutating func quoted(by quote: UInt8) throws(FilterProblem) -> FilterToken {
    let start = position
    var word: [UInt8] = []
    position += 1
    while let end = bytes[position...].firstIndex(of: quote) {
      word += bytes[position..<end]
      position = end + 1
      guard byte(at: position) == quote else {
        return FilterToken(
          kind: .word(isQuoted: true), text: String(decoding: word, as: UTF8.self),
          at: start..<position)
      }
      word.append(quote)
      position += 1
    }
    throw FilterProblem(.unclosedQuote, at: start..<start + 1, of: text)
  }

  private func operatorLength(at index: Int) -> Int? {
    guard let byte = byte(at: index) else { return nil }
    let next = self.byte(at: index + 1)
    switch byte {
    case UInt8(ascii: "("), UInt8(ascii: ")"): return 1
    case UInt8(ascii: "&"), UInt8(ascii: "|"): return next == byte ? 2 : 1
    case UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "!"):
      return next == UInt8(ascii: "=") ? 2 : 1
    default: return nil
    }
  }

  private func isOperator(at index: Int) -> Bool { operatorLength(at: index) != nil }

  private func endsWord(at index: Int) -> Bool {
    guard byte(at: index) == UInt8(ascii: "!") else { return isOperator(at: index) }
    return byte(at: index + 1) == UInt8(ascii: "=")
  }

  private func byte(at index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }

  private func string(_ range: Range<Int>) -> String {
    String(decoding: bytes[range], as: UTF8.self)
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || (9...13).contains(byte)
  }
}
