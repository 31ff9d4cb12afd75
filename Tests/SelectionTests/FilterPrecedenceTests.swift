import Connections
import Selection
import Testing

@Suite("Filter precedence")
struct FilterPrecedenceTests {
  private static func port(_ number: UInt16) -> SelectionPredicate {
    .term(.port(.local, number...number))
  }

  /// In the table, a digit stands for a term about that port.
  private func parse(_ pattern: String) throws -> SelectionPredicate {
    let filter = pattern.map { $0.isNumber ? "sport = :\($0)" : String($0) }.joined()
    return try SelectionFilter.parse(filter, names: FixedNames())
  }

  @Test("And and or have equal precedence and associate to the left, in every spelling")
  func operators() throws {
    let (one, two, three) = (Self.port(1), Self.port(2), Self.port(3))
    let expected: [(String, SelectionPredicate)] = [
      ("1", one), ("( 1 )", one), ("((1))", one),
      ("1 and 2 and 3", .all([one, two, three])), ("1 or 2 or 3", .any([one, two, three])),
      ("1 2 3", .all([one, two, three])), ("1 & 2 && 3", .all([one, two, three])),
      ("1 | 2 || 3", .any([one, two, three])), ("1&2", .all([one, two])),
      ("1 and 2 or 3", .any([.all([one, two]), three])),
      ("1 or 2 and 3", .all([.any([one, two]), three])),
      ("1 or 2 3", .all([.any([one, two]), three])),
      ("1 2 or 3", .any([.all([one, two]), three])),
      ("1 or ( 2 and 3 )", .any([one, .all([two, three])])),
      ("1 or (2 3)", .any([one, .all([two, three])])),
      ("(1 and 2) and 3", .all([.all([one, two]), three])),
      ("1 and (2 and 3)", .all([one, .all([two, three])])),
      ("not 1", .not(one)), ("! 1", .not(one)), ("not not 1", .not(.not(one))),
      ("not 1 and 2", .all([.not(one), two])), ("not 1 2", .all([.not(one), two])),
      ("not ( 1 2 )", .not(.all([one, two]))), ("1 or not 2", .any([one, .not(two)])),
      ("1 not 2", .all([one, .not(two)])), (#"\( 1 \| 2 \)"#, .any([one, two])),
      ("1\n\tand 2", .all([one, two])),
    ]
    for (pattern, meaning) in expected { #expect(try parse(pattern) == meaning, "\(pattern)") }
  }

  @Test("A bare value inherits the qualifiers of the last pcap term")
  func inheritance() throws {
    func port(_ number: UInt16, _ end: ConnectionEnd = .either) -> SelectionPredicate {
      .term(.port(end, number...number))
    }
    let expected: [(String, SelectionPredicate)] = [
      ("port 80 or 443", .any([port(80), port(443)])),
      ("src port 80 or 443", .any([port(80, .local), port(443, .local)])),
      ("port 80 or src port 443 or 22", .any([port(80), port(443, .local), port(22, .local)])),
      ("port 80 or not 443", .any([port(80), .not(port(443))])),
      (
        "dst port ( 80 or ( 443 and 22 ) )",
        .any([port(80, .peer), .all([port(443, .peer), port(22, .peer)])])
      ),
      (
        "port 80 or established or port 22",
        .any([port(80), .term(.states(TCPState.established.asSet)), port(22)])
      ),
    ]
    for (filter, meaning) in expected {
      #expect(try SelectionFilter.parse(filter, names: FixedNames()) == meaning, "\(filter)")
    }
  }

  @Test(
    "A bare value inherits nothing from other terms",
    arguments: [
      "port 80 443", "sport = :80 or 443", "443", "port 80 or established or 443",
      "port >= 80 or 443", "port 80 or idle > 1h or 443", "port 80 or autobound or 443",
      "port 80 ( 443 )", "tcp or 443",
    ])
  func nothingInherited(filter: String) throws {
    let problem = try #require(throws: FilterProblem.self) {
      try SelectionFilter.parse(filter, names: FixedNames())
    }
    #expect(problem.kind == .unknownWord && problem.fault == "443")
  }
}
