import PolicyEngine
import TestSupport
import Testing

@Suite struct PolicyProblemTextTests {
  private func refused(_ bytes: [UInt8], name: String = "leaks.yaml") throws -> String {
    let error = try #require(throws: PolicyFileProblems.self) {
      try PolicyFile(name: name, bytes: bytes, names: SampleNames())
    }
    return error.problems.map(\.description).joined(separator: "\n")
  }

  /// Nothing in a file can move the cursor of a terminal or hide text.
  @Test func showsControlCharactersAsNumbers() throws {
    #expect(
      try refused(Array("version: 1\nevil: \u{1b}[2J\n".utf8)) == """
        leaks.yaml:2:7: error: the character \\u{1b} is not allowed in a policy file
            2 | evil: \\u{1b}[2J
              |       ^~~~~~
        """)
    #expect(
      try refused(Array("version: 1\npolicies: a\0b\n".utf8)) == """
        leaks.yaml:2:12: error: the character \\u{0} is not allowed in a policy file
            2 | policies: a\\u{0}b
              |            ^~~~~
        """)
    #expect(
      problems(in: "version: 1\npolicies: \"\u{202e}\"\n") == """
        leaks.yaml:2:11: error: "policies" takes a list, not a single value: each is a policy
            2 | policies: "\\u{202e}"
              |           ^~~~~~~~~~
        """)
    #expect(try refused([], name: "a\nb").hasPrefix("a\\u{a}b:1:1: error: the file is empty"))
  }

  @Test func everyUnsafeCharacterIsEscaped() throws {
    for value in Array(UInt32(0)...0x9f) + [0x200b, 0x2028, 0x202e, 0xfeff, 0xfffe, 0xe0001] {
      let scalar = try #require(Unicode.Scalar(value))
      let text = try refused(Array("a: \"x\(String(scalar))y".utf8))
      for shown in text.unicodeScalars where shown != "\n" {
        #expect(shown.properties.generalCategory != .control)
        #expect(shown.properties.generalCategory != .format)
        #expect(shown.properties.generalCategory != .lineSeparator)
      }
    }
  }

  @Test func textMustBeUTF8() throws {
    #expect(
      try refused(Array("version: 1\nname: x".utf8) + [0xff, 0x0a]) == """
        leaks.yaml:2:8: error: the file is not UTF-8
            2 | name: x\u{fffd}
              |        ^
        """)
    #expect(try refused([0xff, 0xfe, 0x61, 0]).contains("error: "))
  }

  @Test func filesHaveAMaximumSize() throws {
    let comment = Array("# comment\n".utf8)
    let full = [UInt8]((0..<26_215).flatMap { _ in comment }.prefix(1 << 18))
    #expect(try refused(full).hasPrefix("leaks.yaml:1:1: error: the file is empty"))
    #expect(
      try refused(full + [0x0a]) == "leaks.yaml:1:1: error: the file has more than 262144 bytes")
  }

  @Test func reportsOnlyTheFirstOfManyProblems() throws {
    let text = (1...150).map { "k\($0): 1\n" }.joined()
    let lines = problems(in: text).split(separator: "\n").filter { $0.hasPrefix("leaks") }
    #expect(lines.count == 101)
    #expect(lines[99].hasPrefix("leaks.yaml:98:1: error: unknown key"))
    #expect(lines[100] == "leaks.yaml:99:1: error: 52 more problems from here on")
  }

  @Test func shortensLongLines() throws {
    let long = "version: 1\n" + String(repeating: "x", count: 4097)
    #expect(
      try refused(Array(long.utf8)) == """
        leaks.yaml:2:4097: error: the line is longer than 4096 characters
            2 | …\(String(repeating: "x", count: 41))
              |  \(String(repeating: " ", count: 40))^
        """)
    let wide = "version: 1\npolicies: {\(String(repeating: "a: b, ", count: 50))}\n"
    let lines = problems(in: wide).split(separator: "\n")
    #expect(lines.allSatisfy { $0.count < 135 })
    #expect(lines.contains { $0.contains("…") })
  }

  @Test func aTabIsOneColumn() {
    #expect(
      problems(in: "version:\t2\npolicies: x\n").hasPrefix(
        """
        leaks.yaml:1:10: error: unsupported version "2"; this connreap reads version 1
            1 | version: 2
              |          ^
        """))
  }

  @Test func columnsCountCharactersNotBytes() {
    #expect(
      problems(in: file("match: {process: \"日本é\", port: x}", "action: report")) == """
        leaks.yaml:4:35: error: unknown service "x"
            4 |     match: {process: "日本é", port: x}
              |                                   ^
        """)
  }

  @Test func alignsLongLineNumbers() {
    let text = String(repeating: "#\n", count: 123_455) + "version: 2\npolicies: x\n"
    #expect(
      problems(in: text).hasPrefix(
        """
        leaks.yaml:123456:10: error: unsupported version "2"; this connreap reads version 1
        123456 | version: 2
               |          ^
        """))
  }

  @Test func theSummaryCountsProblems() throws {
    let errors = try #require(throws: PolicyFileProblems.self) { try read("policies: []\n") }
    let warnings = try read(file("match: {port: 1}", "action: destroy")).warnings
    let all = errors.problems + warnings
    #expect(PolicyProblem.summary(of: all, fileCount: 1) == "2 errors, 1 warning in 1 file")
    #expect(PolicyProblem.summary(of: warnings, fileCount: 3) == "1 warning in 3 files")
    #expect(PolicyProblem.summary(of: [all[0]], fileCount: 2) == "1 error in 2 files")
    #expect(PolicyProblem.summary(of: [], fileCount: 1) == "0 errors in 1 file")
  }

  /// Every damaged file gets a result.
  @Test func damagedFilesNeverCrashTheReader() {
    var random = Seeded(7)
    let text = Array(
      (file("match: {state: [close-wait], 'port': 80}", "action: destroy", "limit: 5")
        + "protect:\n  - process: sshd\n").unicodeScalars)
    let pieces = Array("{}[]:,&*!|>'\"%@`#-? \n\t\u{0}\u{85}a1<\u{e000}".unicodeScalars)
    for _ in 0..<3000 {
      var changed = text
      for _ in 0...Int.random(in: 0..<4, using: &random) {
        let place = Int.random(in: 0..<changed.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: changed.remove(at: place)
        case 1: changed.insert(pieces.randomElement(using: &random)!, at: place)
        default: changed[place] = pieces.randomElement(using: &random)!
        }
      }
      var view = String.UnicodeScalarView()
      view.append(contentsOf: changed)
      let source = String(view)
      do {
        let file = try read(source)
        #expect(!file.policies.isEmpty)
      } catch {
        #expect(error.problems.contains { $0.severity == .error })
        #expect(error.problems.allSatisfy { $0.line > 0 && $0.column > 0 && $0.length > 0 })
      }
    }
  }
}
