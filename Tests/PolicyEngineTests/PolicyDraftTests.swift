import Connections
import PolicyEngine
import Selection
import TestSupport
import Testing

/// Policies written for a selection by hand.
@Suite struct PolicyDraftTests {
  private typealias Options = [(key: SelectionKey, values: [String])]

  /// The file that `policy new` prints for these options.
  private func text(
    _ options: Options, named name: String = "leak", action: PolicyAction? = nil
  ) throws -> String {
    let selection = try SelectionVocabulary.parse(
      options: options.filter { $0.key != .netns }, names: SampleNames())
    return try PolicyDraft(name, matching: options, selecting: selection, action: action)
      .written(names: SampleNames())
  }

  private func policy(_ options: Options, action: PolicyAction? = nil) throws -> Policy {
    try #require(try read(text(options, action: action)).policies.first)
  }

  @Test func looksLikeThis() throws {
    #expect(
      try text([
        (.state, ["close-wait"]), (.process, ["java", "my app"]), (.port, []),
        (.unit, [#"my\x2dapp"#]),
      ]) == #"""
        # To see what this policy would do, save it as leak.yaml and run:
        #   connreap policy plan leak.yaml
        # To apply it, install it with the other policies, as root. Cron or systemd runs them.
        #   install -D -m 644 leak.yaml /etc/connreap/policies/leak.yaml
        version: 1

        policies:
          - name: leak
            # Every key must match, and any value of a list.
            match:
              state: close-wait
              process:
                - java
                - "my app"
              unit: 'my\x2dapp'
            # Leave connections alone that entered their state only recently.
            in-state: 1m
            # Act only on groups with at least as many connections as the threshold.
            group-by: program
            threshold: 10
            # Leave this many of the newest connections of each group open.
            keep: 0
            # report, keepalive, shutdown, abort or destroy
            action: destroy
            # If a run finds more than this, close nothing and exit 2: someone should check.
            limit: 500

        """#)
  }

  @Test(arguments: ["close-wait", "fin-wait-2", "close-wait,fin-wait-2"])
  func halfClosedStatesAreClosedAfterAWhile(states: String) throws {
    let policy = try policy([(.state, [states])])
    #expect(policy.action == .destroy)
    #expect(policy.inState == (states == "close-wait" ? 60_000 : 1_800_000))
  }

  @Test(arguments: [
    [(SelectionKey.idle, ["1h"])], [(.stalled, ["1m"])], [(.age, ["1d"])], [(.inState, ["5m"])],
    [(.filter, ["established and idle > 1h"])], [(.state, ["close-wait"]), (.inState, ["5m"])],
    [(.filter, ["idle > 1h or stalled > 1m"])], [(.filter, ["not ( not idle > 1h or port 22 )"])],
  ])
  func aTimeInTheSelectionIsEnough(options: [(SelectionKey, [String])]) throws {
    let policy = try policy(options.map { (key: $0.0, values: $0.1) })
    #expect(policy.action == .destroy)
    #expect(policy.inState == nil)
  }

  /// Active connections match too, so the policy only reports until someone changes it.
  @Test(arguments: [
    [(SelectionKey.process, ["java"])], [(.state, ["established"])],
    [(.state, ["close-wait", "established"])], [(.filter, ["not idle > 1h"])],
    [(.filter, ["idle > 1h or port 80"])], [(.filter, ["not ( idle > 1h and stalled > 1m )"])],
  ])
  func otherSelectionsAreReported(options: [(SelectionKey, [String])]) throws {
    let options: Options = options.map { (key: $0.0, values: $0.1) }
    let policy = try policy(options)
    #expect(policy.action == .report)
    #expect(try text(options).contains("# This policy closes nothing. "))
    #expect(try self.policy(options, action: .destroy).action == .destroy)
  }

  @Test func theValuesAreModerate() throws {
    let policy = try policy([(.state, ["close-wait"])])
    #expect(policy.groupBy == .program)
    #expect(policy.threshold == 10)
    #expect(policy.keep == 0)
    #expect(policy.limit == 500)
  }

  @Test func aDraftWithoutDefaultsHasOnlyItsAction() throws {
    var draft = PolicyDraft("leak", matching: [(.state, ["close-wait"])], action: .abort)
    draft.limit = 7
    draft.rate = 5
    let policy = try #require(try read(draft.written(names: SampleNames())).policies.first)
    #expect(policy.action == .abort)
    #expect(policy.limit == 7)
    #expect(policy.rate == 5)
    #expect(policy.threshold == 1)
    #expect(policy.inState == nil)
    #expect(policy.groupBy == nil)
  }

  @Test func everyKeyIsWritten() throws {
    var draft = PolicyDraft("leak", matching: [(.pid, ["17"])], action: .destroy)
    draft.inState = 90_000
    draft.groupBy = GroupingWord(rawValue: "unit")
    (draft.threshold, draft.keep, draft.limit) = (2, 3, 4)
    (draft.limitPercent, draft.rate, draft.seen, draft.giveUpAfter) = (5, 6, 7, 8)
    let text = try draft.written(names: SampleNames())
    let policy = try #require(try read(text).policies.first)
    #expect(policy.inState == 90_000)
    #expect(policy.groupBy == .unit)
    #expect((policy.threshold, policy.keep, policy.limit) == (2, 3, 4))
    #expect(policy.limitPercent == 5)
    #expect((policy.rate, policy.seen, policy.giveUpAfter) == (6, 7, 8))
    #expect(text.contains("# A pid is valid until the program restarts"))
    let lines = text.split(separator: "\n")
    #expect(lines.allSatisfy { $0.unicodeScalars.count <= 100 })
    for (line, next) in zip(lines, lines.dropFirst()) where line.hasPrefix("    # ") {
      #expect(next.hasPrefix("    "), "a comment stands above its key")
    }
  }

  @Test(arguments: ["leak", "null", "true", "123", "0", "1e3", "no", "a-b"])
  func everyNameIsKept(name: String) throws {
    #expect(Policy.isName(name))
    #expect(
      try read(text([(.state, ["close-wait"])], named: name)).policies.map(\.name) == [name])
  }

  @Test(arguments: ["", "-x", "A", "a b", "a\nversion: 2", "ä"])
  func otherNamesAreNone(name: String) { #expect(!Policy.isName(name)) }

  /// Together, the states of a list may make up a group, which names no state on its own.
  @Test(arguments: [
    ["listen", "time-wait"], ["time-wait", "syn-recv"], ["connected", "listen"],
    ["established", "close-wait,fin-wait-1"],
  ])
  func severalStatesAreNamedAsOnTheCommandLine(states: [String]) throws {
    let selection = try SelectionVocabulary.parse(
      options: [(.state, states)], names: SampleNames())
    let policy = try policy([(.state, states), (.process, ["java"])])
    #expect(policy.match.explicitStates == selection.explicitStates)
  }

  @Test(arguments: [
    ([(SelectionKey.netns, ["all"])], "this matches every connection"),
    ([(.filter, ["tcp"])], "this matches every connection"),
    ([(.process, ["/usr/bin/java"])], "is a path"),
    ([(.state, ["listen"]), (.idle, ["1h"])], "this matches nothing"),
    ([(.interface, ["lo"]), (.netns, ["blue"])], "excludes \"netns\""),
    ([(.process, ["a\u{e0ff}"])], "a policy file cannot contain process: \"a"),
    ([(.process, ["java", "\u{feff}a"])], "a policy file cannot contain process: \"java\", "),
    ([(.process, [String(repeating: "?", count: 5000)])], "longer than"),
    ([], "\"match\" has no value"),
  ])
  func aPolicyWithAProblemIsNotWritten(
    options: [(SelectionKey, [String])], reason: String
  ) throws {
    let draft = PolicyDraft(
      "leak", matching: options.map { (key: $0.0, values: $0.1) }, action: .destroy)
    let problem = #expect(throws: PolicyDraftProblem.self) {
      try draft.written(names: SampleNames())
    }
    #expect(problem?.message.contains(reason) == true, "\(problem?.message ?? "")")
  }
}
