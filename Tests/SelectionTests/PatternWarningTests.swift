import Connections
import Selection
import Testing

@Suite("Pattern warnings")
struct PatternWarningTests {
  private func warnings(_ key: SelectionKey, _ value: String) throws -> [String] {
    try SelectionVocabulary.parse(key: key, value: value, names: FixedNames())
      .patternWarnings.map { "\($0)" }
  }

  @Test(
    "A warning names the cause and the remedy",
    arguments: [
      (.process, "{{ critical }}", "looks like an unexpanded template"),
      (.process, "${CRITICAL}", "looks like an unexpanded template"),
      (.unit, "<%= @unit %>", "looks like an unexpanded template"),
      (.cgroup, "/{{ slice }}", "looks like an unexpanded template"),
      (.process, "\u{201c}billing\u{201d}", "the curly quotes are part of the name"),
      (.unit, "\u{2018}billing\u{2019}", "the curly quotes are part of the name"),
      (.process, "billing|sshd", "does not separate names"),
      (.unit, "a.service|b.service", "does not separate names"),
      (.process, "/usr/bin/billing", "is a path; use \"billing\""),
      (.process, "bin/*", "is a path; use \"*\""),
      (.unit, "/system.slice/a.service", "a unit is matched by its name"),
      (.cgroup, "/system.slice/*", "not as a pattern"),
      (.process, "my-billing-worker", "; for a script, use \"my-billing-work\""),
      (.process, "billing-*-worker-x", "to 15 bytes"),
      (.process, "[ab]illing-worker-x", "to 15 bytes"),
      (.process, "ääääääää", "to 15 bytes"),
    ] as [(SelectionKey, String, String)])
  func warned(key: SelectionKey, value: String, part: String) throws {
    let warnings = try warnings(key, value)
    #expect(warnings.count == 1 && warnings.allSatisfy { $0.contains(part) }, "\(warnings)")
  }

  @Test(
    "Names that can match cause no warning",
    arguments: [
      (.process, "sshd"), (.process, "exactly15-bytes"), (.process, "exactly-15-bytes*"),
      (.process, "*"), (.process, "java*,node"), (.process, "äää"), (.process, "nginx: worker"),
      (.process, #"CORP\alice"#), (.process, "$HOME"), (.process, "{a}"), (.process, "a<b%"),
      (.unit, "a-unit-with-a-very-long-name.service"), (.unit, #"dev-disk-by\x2duuid.mount"#),
      (.cgroup, "/user.slice/user-1000.slice"), (.container, "0a1b2c3d"), (.port, "80"),
    ] as [(SelectionKey, String)])
  func quiet(key: SelectionKey, value: String) throws {
    if value == "exactly-15-bytes*" {
      #expect(try warnings(key, value).count == 1, "matches only 16 bytes or more")
    } else {
      #expect(try warnings(key, value) == [])
    }
  }

  @Test("Each item of a list and each term of a filter is checked")
  func all() throws {
    #expect(try warnings(.process, "a|b,java,{{ x }}").count == 2)
    let filter = "not process = \"a|b\" and ( unit = \"${U}\" or process = java )"
    #expect(try warnings(.filter, filter).count == 2)
  }

  @Test("The warning about long names depends on the minimum length of a match")
  func shortest() throws {
    for count in 1...20 {
      let name = String(repeating: "a", count: count)
      #expect(try Glob(name).minimumLength == count)
      #expect(try Glob(name + "*").minimumLength == count)
      #expect(try Glob(String(repeating: "?", count: count)).minimumLength == count)
      #expect(try warnings(.process, name).isEmpty == (count <= 15))
    }
    #expect(try Glob("é[é-ü][!x]?").minimumLength == 6)
    #expect(try Glob(#"\*\?\[\\"#).minimumLength == 4)
  }
}
