import TestSupport
import Testing

@testable import Rendering

/// Valid and invalid JSON.
@Suite struct JSONParserTests {
  private func parse(_ text: String) throws -> JSONValue {
    try JSONParser.parse(Array(text.utf8)[...])
  }

  @Test func everyKindOfValueIsParsed() throws {
    let value = try parse(
      #" {"a":null,"b":[true,false],"c":-1.5e+3,"d":"x\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","e":{}} "#
    )
    #expect(
      value
        == .object([
          ("a", .null), ("b", .list([.flag(true), .flag(false)])), ("c", .number("-1.5e+3")),
          ("d", .string("x\"\\/\u{8}\u{c}\n\r\t\u{e9}\u{1f600}")), ("e", .object([])),
        ]))
    #expect(value["a"] == nil && value["f"] == nil)
    #expect(value["c"]?.number(Int.self) == nil)
    #expect(try parse("18446744073709551615").number(UInt64.self) == .max)
    #expect(try parse("18446744073709551616").number(UInt64.self) == nil)
    #expect(try parse("-1").number(UInt32.self) == nil)
    #expect(try parse(" [ ] ") == .list([]))
  }

  @Test(arguments: [
    ("", 0), ("{", 1), ("[1,]", 3), ("{\"a\":1,}", 7), ("{\"a\" 1}", 5), ("{a:1}", 1), ("01", 1),
    ("1.", 2), ("-", 1), (".5", 0), ("1e", 2), ("+1", 0), ("nul", 0), ("\"a", 2), ("\"\\x\"", 3),
    ("\"\\u12\"", 5), ("\"\\ud800\"", 7), ("\"\\udc00\"", 7), ("\"\\ud800\\u0041\"", 13),
    ("\"a\nb\"", 2), ("1 2", 2), ("[1 2]", 3), ("{\"a\":1,\"a\":2}", 7), ("\u{feff}1", 0),
    ("NaN", 0), ("[", 1), ("]", 0),
  ])
  func invalidJSONIsRejectedAtItsOffset(text: String, offset: Int) {
    #expect(throws: JSONProblem(offset: offset)) { try parse(text) }
  }

  @Test func invalidUTF8IsRejected() {
    let bytes: [UInt8] = [0x22, 0xff, 0x22]
    #expect(throws: JSONProblem.self) { try JSONParser.parse(bytes[...]) }
  }

  @Test func nestingIsLimited() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(throws: Never.self) { try parse(nested(32)) }
    #expect(throws: JSONProblem(offset: 32)) { try parse(nested(33)) }
    #expect(throws: JSONProblem.self) { try parse(nested(1_000_000)) }
  }

  /// A quadratic search would take minutes here.
  @Test func duplicateNamesAreFoundInLinearTime() throws {
    let members = (0..<300_000).map { "\"k\($0)\":0" }.joined(separator: ",")
    let clock = ContinuousClock()
    let start = clock.now
    #expect(throws: Never.self) { try parse("{\(members)}") }
    #expect(throws: JSONProblem(offset: members.utf8.count + 2)) {
      try parse("{\(members),\"k7\":1}")
    }
    #expect(clock.now - start < .seconds(60))
  }

  @Test(arguments: [1, 2, 62, 63, 64, 65, 66, 200])
  func duplicateNamesAreFoundAtAnySize(count: Int) {
    let members = (0..<count).map { "\"k\($0)\":0" }.joined(separator: ",")
    for repeated in Set([0, count / 2, count - 1]) {
      #expect(throws: JSONProblem(offset: members.utf8.count + 2)) {
        try parse("{\(members),\"k\(repeated)\":1}")
      }
    }
    #expect(throws: Never.self) { try parse("{\(members),\"k\(count)\":1}") }
  }

  @Test func writtenValuesAreParsedUnchanged() throws {
    var random = Seeded(11)
    for _ in 0..<300 {
      let value = Self.value(&random, depth: 4)
      var json = JSONWriter()
      json.value(value)
      #expect(try JSONParser.parse(json.take()[...]) == value)
    }
  }

  /// A damaged line is refused, or read as a value that writes and reads back as the same.
  @Test func aDamagedLineIsRefusedOrReadAsAValue() throws {
    var accepted = 0
    var random = Seeded(5)
    var json = JSONWriter()
    json.value(Self.value(&random, depth: 4))
    let line = json.take()
    for _ in 0..<5000 {
      var damaged = line
      for _ in 0...Int.random(in: 0..<3, using: &random) {
        guard !damaged.isEmpty else { break }
        let index = Int.random(in: 0..<damaged.count, using: &random)
        if Bool.random(using: &random) {
          damaged[index] = UInt8.random(in: 0...255, using: &random)
        } else {
          damaged.removeSubrange(index...)
        }
      }
      guard let value = try? JSONParser.parse(damaged[...]) else { continue }
      accepted += 1
      var again = JSONWriter()
      again.value(value)
      #expect(try JSONParser.parse(again.take()[...]) == value)
    }
    #expect((1..<5000).contains(accepted), "both happen")
  }

  private static func value(_ random: inout Seeded, depth: Int) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 6 : 4), using: &random) {
    case 0: .null
    case 1: .flag(Bool.random(using: &random))
    case 2: .number("\(Int.random(in: -99_999...99_999, using: &random))")
    case 3: .string(text(&random))
    case 4:
      .list(
        (0..<Int.random(in: 0..<4, using: &random)).map { _ in value(&random, depth: depth - 1) })
    default:
      .object(
        (0..<Int.random(in: 0..<4, using: &random)).map {
          ("\($0)" + text(&random), value(&random, depth: depth - 1))
        })
    }
  }

  private static func text(_ random: inout Seeded) -> String {
    var scalars = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0..<6, using: &random) {
      let range: ClosedRange<UInt32> = Bool.random(using: &random) ? 0...0x7f : 0x80...0x10ffff
      if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) {
        scalars.append(scalar)
      }
    }
    return String(scalars)
  }
}
