import Connections
import PolicyEngine
import Selection
import Testing

@Suite struct PolicyFileTests {
  private func only(_ text: String) throws -> Policy {
    let policies = try read(text).policies
    try #require(policies.count == 1)
    return policies[0]
  }

  @Test func readsEveryKey() throws {
    let text = """
      # A comment
      version: 1
      protect:
        - process: [sshd, "systemd*"]
          port: 22
        - peer: 10.1.0.0/16
      policies:
        - name: java-leak
          description: "The pool: forgets"
          match: {state: close-wait, process: java}
          except:
            - peer: 10.0.0.0/8
            - user: app
          in-state: 1h30m
          group-by: process
          threshold: 100
          action: destroy
          limit: 500
          rate: 20
      """
    let file = try read(text)
    #expect(file.name == "leaks.yaml")
    #expect(file.warnings.isEmpty)
    let policy = try #require(file.policies.first)
    let protections = [
      Protection(
        predicate: .all([
          .any([
            .term(.process(try Glob("sshd"))), .term(.process(try Glob("systemd*"))),
          ]),
          .term(.port(.either, 22...22)),
        ]), text: "process: sshd, systemd*; port: 22", line: 4),
      Protection(
        predicate: .term(
          .address(.peer, AddressBlock(IPAddress(text: "10.1.0.0")!, prefixLength: 16)!)),
        text: "peer: 10.1.0.0/16", line: 6),
    ]
    let tenNet = AddressBlock(IPAddress(text: "10.0.0.0")!, prefixLength: 8)!
    #expect(
      policy
        == Policy(
          name: "java-leak", description: "The pool: forgets", file: "leaks.yaml", line: 8,
          match: .all([
            .term(.states(TCPState.closeWait.asSet)), .term(.process(try Glob("java"))),
          ]),
          except: [.term(.address(.peer, tenNet)), .term(.user(1000))], protect: protections,
          inState: 5_400_000, groupBy: .process, threshold: 100, action: .destroy, limit: 500,
          rate: 20))
  }

  @Test func missingKeysHaveDefaults() throws {
    let policy = try only(file("match: {state: established}", "action: report"))
    #expect(policy.threshold == 1)
    #expect(policy.limit == 100)
    #expect(policy.rate == nil)
    #expect(policy.groupBy == .none)
    #expect(policy.inState == nil)
    #expect(policy.description == nil)
    #expect(policy.except == [] && policy.protect == [])
    #expect(policy.line == 3)
  }

  @Test func matchesTheDefaultStatesWithoutAState() throws {
    let policy = try only(file("match: {port: 80}", "action: report"))
    #expect(policy.match.stateMask == .shownByDefault)
    let named = try only(file("match: {port: 80, state: all}", "action: report"))
    #expect(named.match.stateMask == .all)
  }

  /// Protections apply in every state, not only in the default ones.
  @Test func limitsOnlyTheMatchToDefaultStates() throws {
    let text = file("match: {port: 80}", "except: [{port: 22}]", "action: report")
    let policy = try only(text + "protect: [{port: 23}]\n")
    #expect(policy.except == [.term(.port(.either, 22...22))])
    #expect(policy.protect.map(\.predicate) == [.term(.port(.either, 23...23))])
  }

  /// YAML would read some of these as hexadecimal or base-60 numbers.
  @Test(arguments: [
    ("pid: 8", SelectionTerm.pid(8)), ("user: 0", .user(0)),
    ("mark: 0x10", .mark(16, mask: .max)), ("recv-queue: 1k", .receiveQueue(atLeast: 1024)),
    ("idle: 1h30m", .idle(atLeast: 5_400_000)), ("port: https", .port(.either, 443...443)),
    ("port: \"443\"", .port(.either, 443...443)), ("user: 'app'", .user(1000)),
  ])
  func readsValuesAsText(line: String, term: SelectionTerm) throws {
    let policy = try only(file("match: {\(line)}", "action: report"))
    #expect(policy.match == SelectionPredicate.term(term).limitedToDefaultStates())
  }

  @Test(arguments: ["no", "nil", "true", "1.0", "1e3", "22:22", "=", "2001-01-01"])
  func wordsAreNotInterpreted(word: String) throws {
    let policy = try only(file("match: {process: \(word)}", "action: report"))
    #expect(
      policy.match
        == SelectionPredicate.term(.process(try Glob(word))).limitedToDefaultStates())
  }

  @Test(arguments: ["'*'", "\"*java\"", "ja*va*", "'[*]'"])
  func acceptsPatternsWithAsterisks(pattern: String) throws {
    let policy = try only(file("match: {process: \(pattern)}", "action: report"))
    let glob = try Glob(pattern.filter { $0 != "'" && $0 != "\"" })
    #expect(policy.match == SelectionPredicate.term(.process(glob)).limitedToDefaultStates())
  }

  @Test func listsAndCommasAreAlternatives() throws {
    for values in [
      "[established, close-wait]", "established, close-wait", "\"established,close-wait\"",
    ] {
      let quoted = values.hasPrefix("e") ? "'\(values)'" : values
      let policy = try only(file("match:", "  state: \(quoted)", "action: report"))
      #expect(policy.match.stateMask == TCPStateSet([.established, .closeWait]))
    }
  }

  @Test(arguments: ["\n", "\r\n", "\r"])
  func acceptsEveryLineBreak(lineBreak: String) throws {
    let text = file("match: {port: 80}", "action: report").replacing("\n", with: lineBreak)
    #expect(try only(text).line == 3)
    #expect(try only("\u{feff}" + text).line == 3, "and a byte order mark")
    let bad = text.replacing("80", with: "x")
    #expect(problems(in: "\u{feff}" + bad).hasPrefix("leaks.yaml:4:19: error: unknown service"))
  }

  @Test func keepsTheOrderOfPolicies() throws {
    let text = """
      version: 1
      policies:
        - {name: b, match: {port: 1}, action: report}
        - {name: a-2, match: {port: 2}, action: report}
        - {name: 0, match: {port: 3}, action: report}
      """
    #expect(try read(text).policies.map(\.name) == ["b", "a-2", "0"])
    #expect(try read(text).policies.map(\.line) == [3, 4, 5])
  }
}

@Suite struct PolicySetTests {
  private func named(_ name: String, in file: String) throws -> PolicyFile {
    try read(
      "version: 1\npolicies: [{name: \(name), match: {port: 1}, action: report}]\n", name: file)
  }

  @Test func hasThePoliciesOfAllFilesInOrder() throws {
    let set = try PolicySet([named("b", in: "1.yaml"), named("a", in: "2.yaml")])
    #expect(set.policies.map(\.name) == ["b", "a"])
    #expect(set.policies.map(\.file) == ["1.yaml", "2.yaml"])
  }

  @Test func rejectsTheSameNameInTwoFiles() throws {
    let files = [
      try named("a", in: "1.yaml"), try named("b", in: "2.yaml"), try named("a", in: "3.yaml"),
      try named("b", in: "4.yaml"),
    ]
    let error = try #require(throws: PolicyFileProblems.self) { try PolicySet(files) }
    #expect(
      error.problems.map(\.description) == [
        """
        3.yaml:2:19: error: the name "a" is already used at 1.yaml:2
            2 | policies: [{name: a, match: {port: 1}, action: report}]
              |                   ^
        """,
        """
        4.yaml:2:19: error: the name "b" is already used at 2.yaml:2
            2 | policies: [{name: b, match: {port: 1}, action: report}]
              |                   ^
        """,
      ])
  }
}
