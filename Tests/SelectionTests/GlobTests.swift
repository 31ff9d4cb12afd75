import Selection
import TestSupport
import Testing

@Suite("Patterns for names")
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
    ("[-a]", "-", true), ("[\\]]", "]", true), ("[\\a-c]", "b", true), ("\\*", "*", true),
    ("\\*", "x", false), ("\\[a", "[a", true), ("a]", "a]", true), ("[!a]", "", false),
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
      ("[a\\]", .unclosedBracket, 0..<1), ("[z-a]", .backwardRange, 1..<4),
      ("x[é-a]", .backwardRange, 2..<6), ("[b\\", .nothingEscaped, 2..<3),
      ("ab\\", .nothingEscaped, 2..<3), ("[a-\\", .nothingEscaped, 3..<4),
    ] as [(String, GlobProblem.Kind, Range<Int>)])
  func refuses(pattern: String, kind: GlobProblem.Kind, range: Range<Int>) throws {
    let problem = try #require(throws: GlobProblem.self) { try Glob(pattern) }
    #expect(problem.kind == kind)
    #expect(problem.range == range)
  }

  @Test("It matches what a plain recursive matcher does")
  func oracle() throws {
    var generator = Seeded(8)
    for _ in 0..<20_000 {
      let pattern = Self.text("ab*?*", 1...7, &generator)
      let name = Self.text("ab", 0...9, &generator)
      let expected = Self.naive(Array(pattern)[...], Array(name)[...])
      #expect(try Glob(pattern).matches(name) == expected, "\(pattern) \(name)")
    }
  }

  @Test("Any text is a pattern or a problem that points into it; escaped, it matches itself")
  func anyText() throws {
    var generator = Seeded(9)
    for _ in 0..<5000 {
      let text = Self.text("ab*?[]!^-\\é,", 1...8, &generator)
      do {
        _ = try Glob(text).matches(text)
      } catch {
        #expect(!error.range.isEmpty && error.range.upperBound <= text.utf8.count, "\(text)")
      }
      let escaped = text.map { "\\\($0)" }.joined()
      #expect(try Glob(escaped).matches(text), "\(text)")
      #expect(try !Glob(escaped).matches(text + "a"), "\(text)")
    }
  }

  @Test("A pattern made to be slow is not", .timeLimit(.minutes(1)))
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

  private static func naive(
    _ pattern: ArraySlice<Character>, _ name: ArraySlice<Character>
  ) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    if first == "*" {
      return naive(pattern.dropFirst(), name)
        || (!name.isEmpty && naive(pattern, name.dropFirst()))
    }
    guard let letter = name.first, first == "?" || first == letter else { return false }
    return naive(pattern.dropFirst(), name.dropFirst())
  }
}
