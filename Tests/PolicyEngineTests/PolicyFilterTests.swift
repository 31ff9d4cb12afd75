import Connections
import PolicyEngine
import Selection
import Testing

@Suite("Filters in policies")
struct PolicyFilterTests {
  private func match(_ lines: String...) throws -> SelectionPredicate {
    let text = file(lines.joined(separator: "\n    "), "action: report")
    return try #require(try read(text).policies.first).match
  }

  private static let port = SelectionPredicate.term(.port(.local, 80...80))
  private static let closeWait = SelectionPredicate.term(.states(TCPState.closeWait.asSet))

  @Test("A filter is a key of match, limited to the default states unless it names one")
  func key() throws {
    #expect(
      try match("match: {filter: \"sport = :80\"}")
        == .all([.term(.states(.shownByDefault)), Self.port]))
    #expect(
      try match("match: {filter: close-wait and sport = :80}") == .all([Self.closeWait, Self.port]))
    #expect(
      try match("match: {state: close-wait, filter: 'src *:80'}")
        == .all([Self.closeWait, Self.port]))
    #expect(
      try match("match:", "  filter: >-", "    close-wait and", "    sport = :80")
        == .all([Self.closeWait, Self.port]))
  }

  @Test("All filters of a list must match, unlike the values of other keys")
  func list() throws {
    #expect(
      try match("match: {filter: [close-wait, \"sport = :80\"]}")
        == .all([Self.closeWait, Self.port]))
  }

  @Test("Errors point into the filter, quoted or not")
  func errors() {
    #expect(
      problems(in: file("match: {filter: port 80 and idel > 5m}", "action: report")) == """
        leaks.yaml:4:33: error: unknown word "idel"; did you mean "idle"?
            4 |     match: {filter: port 80 and idel > 5m}
              |                                 ^~~~
        """)
    #expect(
      problems(in: file("match:", "  filter: 'sport = '", "action: report")) == """
        leaks.yaml:5:24: error: unexpected end of filter: expected a port, as in :443 or :https
            5 |       filter: 'sport = '
              |                        ^
        """)
    #expect(
      problems(in: file("match: {filter: ''}", "action: report"))
        .hasPrefix("leaks.yaml:4:21: error: the filter is empty: expected a term"))
  }

  @Test("A time in a filter prevents the warning about destroy")
  func warnings() {
    #expect(
      problems(in: file("match: {filter: close-wait and idle > 1h}", "action: destroy")) == "")
    #expect(
      problems(in: file("match: {filter: close-wait}", "action: destroy"))
        .contains("closes every match at once"))
  }
}
