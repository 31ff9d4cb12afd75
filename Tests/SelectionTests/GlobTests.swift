import Selection
import TestSupport
import Testing

@Suite("Name patterns")
struct GlobTests {
  @Test(arguments: [
    ("java", "java", true), ("java", "java8", false), ("java", "Java", false), ("java", "", false),
    ("java*", "java", true), ("java*", "java-17", true), ("*java", "openjava", true),
    ("*a*", "java", true), ("*", "", true), ("**", "x", true), ("a*b*c", "a-b-b-c", true),
    ("a*b*c", "a-b-b-", false), ("*ab", "aab", true), ("?", "", false), ("?", "é", true),
    ("??", "é", false), ("?ava", "java", true), ("[jk]ava", "kava", true),
    ("[jk]ava", "lava", false), ("[!jk]ava", "lava", true), ("[^jk]ava", "java", false),
    ("[a-c]", "b", true), ("[a-c]", "d", false), ("[c-c]", "c", true), ("[]]", "]", true),
    ("[!]]", "]", false), ("[]-]", "-", true), ("[a-]", "-", true), ("[a-]", "b", false),
    ("[-a]", "-", true), ("[\\]", "\\", true), ("[\\a-c]", "b", true),
    ("[\\a-c]", "\\", true), ("[\\\\]", "\\", true), ("[a\\]", "a", true), ("[\\[]", "[", true),
    ("\\*", "*", true), ("\\*", "x", false), ("\\[a", "[a", true), ("\\?", "?", true),
    ("\\?", "x", false), ("\\\\", "\\", true), ("\\", "\\", true), ("ab\\", "ab\\", true),
    (#"my\x2dapp.service"#, #"my\x2dapp.service"#, true), (#"my\x2dapp*"#, #"my\x2dapp.x"#, true),
    (#"my\x2dapp.service"#, "my-app.service", false),
    (#"my\x2dapp.service"#, "myx2dapp.service", false),
    (#"my\\x2dapp.service"#, #"my\x2dapp.service"#, true), (#"CORP\alice"#, #"CORP\alice"#, true),
    (#"a\,b"#, #"a\,b"#, true), ("[,]", ",", true), ("a]", "a]", true), ("[!a]", "", false),
    ("nginx: *", "nginx: worker", true), ("[α-ω]", "β", true), ("[!-]", "x", true),
    ("[*]", "*", true), ("[*]", "x", false), ("e\u{301}", "\u{e9}", false), ("[z]*", "zz", true),
  ])
  func matches(pattern: String, name: String, expected: Bool) throws {
    #expect(try Glob(pattern).matches(name) == expected)
    #expect(try Glob(pattern).description == pattern)
  }

  @Test(
    arguments: [
      ("", .empty, 0..<0), ("[", .unclosedBracket, 0..<1), ("ab[c", .unclosedBracket, 2..<3),
      ("[]", .unclosedBracket, 0..<1), ("[!]", .unclosedBracket, 0..<1),
      ("[a-", .unclosedBracket, 0..<1), ("é[", .unclosedBracket, 2..<3),
      ("[a\\", .unclosedBracket, 0..<1), ("[z-a]", .backwardRange, 1..<4),
      ("x[é-a]", .backwardRange, 2..<6), ("[A-\\", .unclosedBracket, 0..<1),
      ("[a-\\", .backwardRange, 1..<4),
    ] as [(String, GlobProblem.Kind, Range<Int>)])
  func refuses(pattern: String, kind: GlobProblem.Kind, range: Range<Int>) throws {
    let problem = try #require(throws: GlobProblem.self) { try Glob(pattern) }
    #expect(problem.kind == kind)
    #expect(problem.range == range)
  }

  @Test(
    "Each byte of invalid UTF-8 is a character",
    arguments: [
      ("?", [0xff], true), ("??", [0xff, 0xfe], true), ("?", [0xc3, 0xa9], true),
      ("??", [0xc3, 0xa9], false), ("?", [0xc3], true), ("caf?", [0x63, 0x61, 0x66, 0xe9], true),
      ("*", [0x80, 0xff], true), ("[!a]", [0xff], true), ("[\u{80}-\u{10ffff}]", [0xff], false),
      ("?", [0xed, 0xa0, 0x80], false), ("???", [0xed, 0xa0, 0x80], true),
      ("??", [0xc0, 0x80], true), ("?", [0xf0, 0x9f, 0x92, 0xa9], true),
      ("????", [0xf4, 0x90, 0x80, 0x80], true), ("\u{fffd}", [0xff], false),
      ("??", [0xe2, 0x82], true), ("*??", [0xe2, 0x82, 0xac], false),
    ] as [(String, [UInt8], Bool)])
  func strayBytes(pattern: String, name: [UInt8], expected: Bool) throws {
    #expect(try Glob(pattern).matches(name.span) == expected)
  }

  @Test("It agrees with a simple recursive matcher")
  func oracle() throws {
    var generator = Seeded(8)
    let names: [[UInt8]] = [
      Array("a".utf8), Array("b".utf8), Array("\\".utf8), Array("é".utf8), Array("e\u{301}".utf8),
      [0xc3], [0xff], Array("€".utf8), [0xe2, 0x82], Array("*".utf8),
    ]
    for _ in 0..<20_000 {
      let pattern = Self.text("ab*?*é\\", 1...7, &generator)
      let name = (0..<Int.random(in: 0...7, using: &generator)).flatMap { _ in
        names.randomElement(using: &generator) ?? []
      }
      let expected = Self.naive(Self.elements(pattern)[...], Self.characters(name)[...])
      #expect(try Glob(pattern).matches(name.span) == expected, "\(pattern) \(name)")
    }
  }

  @Test("Any text is a pattern or an error within its bounds; escaped, it matches itself")
  func anyText() throws {
    var generator = Seeded(9)
    for _ in 0..<5000 {
      let text = Self.text("ab*?[]!^-\\é,", 1...8, &generator)
      do {
        _ = try Glob(text).matches(text)
      } catch {
        #expect(!error.range.isEmpty && error.range.upperBound <= text.utf8.count, "\(text)")
      }
      let escaped = text.map { "*?[\\".contains($0) ? "\\\($0)" : "\($0)" }.joined()
      #expect(try Glob(escaped).matches(text), "\(text)")
      #expect(try !Glob(escaped).matches(text + "a"), "\(text)")
    }
  }

  @Test("A pattern designed for backtracking is not slow", .timeLimit(.minutes(1)))
  func noBacktracking() throws {
    let pattern = String(repeating: "*a", count: 100) + "b"
    let name = String(repeating: "a", count: 4000)
    #expect(try !Glob(pattern).matches(name))
    #expect(try Glob(pattern).matches(name + "b"))
  }

  private static func text(
    _ alphabet: String, _ length: ClosedRange<Int>, _ generator: inout Seeded
  ) -> String {
    String(
      (0..<Int.random(in: length, using: &generator)).compactMap { _ in
        alphabet.randomElement(using: &generator)
      })
  }

  private enum Element {
    case any
    case run
    case character([UInt8])
  }

  private static func elements(_ pattern: String) -> [Element] {
    var elements: [Element] = []
    var rest = Array(pattern.unicodeScalars)[...]
    while let scalar = rest.popFirst() {
      if scalar == "\\", let next = rest.first, "*?[\\".unicodeScalars.contains(next) {
        rest.removeFirst()
        elements.append(.character(Array(String(next).utf8)))
      } else {
        elements.append(
          scalar == "*" ? .run : scalar == "?" ? .any : .character(Array(String(scalar).utf8)))
      }
    }
    return elements
  }

  /// Splits a name into valid scalars and single invalid bytes with the standard library's decoder.
  private static func characters(_ name: [UInt8]) -> [[UInt8]] {
    var characters: [[UInt8]] = []
    var rest = name[...]
    while !rest.isEmpty {
      let scalar = (1...4).lazy.filter { $0 <= rest.count }.compactMap { length -> [UInt8]? in
        let text = String(validating: rest.prefix(length), as: UTF8.self)
        return text?.unicodeScalars.count == 1 ? Array(rest.prefix(length)) : nil
      }.first
      characters.append(scalar ?? [rest[rest.startIndex]])
      rest.removeFirst(characters[characters.count - 1].count)
    }
    return characters
  }

  private static func naive(
    _ pattern: ArraySlice<Element>, _ name: ArraySlice<[UInt8]>
  ) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    switch first {
    case .run:
      return naive(pattern.dropFirst(), name)
        || (!name.isEmpty && naive(pattern, name.dropFirst()))
    case .any: return !name.isEmpty && naive(pattern.dropFirst(), name.dropFirst())
    case .character(let own):
      return name.first == own && naive(pattern.dropFirst(), name.dropFirst())
    }
  }
}
