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
      (.command, "orders.jar", "use \"*orders.jar*\""),
      (.command, "*{{ jar }}*", "looks like an unexpanded template"),
    ] as [(SelectionKey, String, String)])
  func warned(key: SelectionKey, value: String, part: String) throws {
    let warnings = try warnings(key, value)
    #expect(warnings.count == 1 && warnings.allSatisfy { $0.contains(part) }, "\(warnings)")
  }

  @Test(
    "Names that can match cause no warning",
    arguments: [
      (.process, "sshd"), (.process, "exactly15-bytes"), (.process, "longer-than-15-bytes"),
      (.command, "*orders.jar*"), (.command, "/usr/sbin/nginx -g"), (.command, "*a|b*"),
      (.process, "*"), (.process, "java*,node"), (.process, "äää"), (.process, "nginx: worker"),
      (.process, #"CORP\alice"#), (.process, "$HOME"), (.process, "{a}"), (.process, "a<b%"),
      (.unit, "a-unit-with-a-very-long-name.service"), (.unit, #"dev-disk-by\x2duuid.mount"#),
      (.cgroup, "/user.slice/user-1000.slice"), (.container, "0a1b2c3d"), (.port, "80"),
    ] as [(SelectionKey, String)])
  func quiet(key: SelectionKey, value: String) throws {
    #expect(try warnings(key, value) == [])
  }

  @Test("Each item of a list and each term of a filter is checked")
  func all() throws {
    #expect(try warnings(.process, "a|b,java,{{ x }}").count == 2)
    let filter = "not process = \"a|b\" and ( unit = \"${U}\" or process = java )"
    #expect(try warnings(.filter, filter).count == 2)
  }
}
