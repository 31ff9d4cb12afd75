import Connections
import PolicyEngine
import Selection
import Testing

/// Policies for several network namespaces.
@Suite struct NamespaceEvaluationTests {
  /// The current namespace and `blue`. `green` exists but is not examined.
  private func verdicts(of name: NamespaceName) -> [UInt16: Verdict] {
    switch name {
    case .own: [0: .yes, 1: .no]
    case .all: [0: .yes, 1: .yes]
    case .named("blue"): [0: .no, 1: .yes]
    case .containers: [0: .yes, 1: .yes]
    case .named, .path: [0: .no, 1: .no]
    // Its namespace could not be read.
    case .process: [0: .unknown, 1: .unknown]
    }
  }

  private func policies(_ text: String) throws -> [Policy] {
    try read(text).policies.map { policy in
      var policy = policy
      policy.match = policy.match.limitedToDefaultNamespaces(countsContainers: false).resolving(
        verdicts)
      policy.except = policy.except.map { $0.resolving(verdicts) }
      policy.protect = policy.protect.map {
        Protection(predicate: $0.predicate.resolving(verdicts), text: $0.text, line: $0.line)
      }
      return policy
    }
  }

  /// Two leaks here, and three in `blue`, with the same ends and owners.
  private static let rows: [SampleRow] = (0..<5).map { number in
    SampleRow(peerPort: 50_000 + UInt16(number % 3), namespace: number < 2 ? 0 : 1)
  }

  private func found(
    _ lines: String..., adding: String = "", history: PolicyHistory? = nil
  ) throws -> PolicyFindings {
    let policies = try policies(
      (["version: 1", "policies:", "  - name: leak"] + lines.map { "    " + $0 })
        .joined(separator: "\n") + "\n" + adding)
    return Evaluation.findings(
      of: SampleTable(Self.rows), policies: PolicySet(policies: policies), history: history)[0]
  }

  @Test func eachPolicyEvaluatesItsOwnNamespaces() throws {
    let own = try found("match: {state: close-wait}", "action: destroy")
    #expect(own.rowsToActOn == [0, 1])
    let blue = try found("match: {state: close-wait, netns: blue}", "action: destroy")
    #expect(blue.rowsToActOn == [2, 3, 4])
    let filter = try found(
      "match: {filter: close-wait and netns = blue and sport = :8080}", "action: destroy")
    #expect(filter.rowsToActOn == [2, 3, 4])
    let elsewhere = try found("match: {state: close-wait, netns: green}", "action: destroy")
    #expect(elsewhere.groups.isEmpty && elsewhere.undecided.total == 0)
  }

  @Test(arguments: ["none", "peer", "listener", "user", "process", "unit"])
  func aGroupHasOneNamespace(key: String) throws {
    let all = try found(
      "match: {state: close-wait, netns: all}", "group-by: \(key)", "threshold: 3",
      "action: destroy")
    #expect(all.groups.map(\.namespace) == [1, 0])
    #expect(all.groups.map(\.rows) == [[2, 3, 4], [0, 1]])
    #expect(all.rowsToActOn == [2, 3, 4], "the others are below the threshold")
    #expect(all.groups[0].label == all.groups[1].label)
  }

  @Test func theLimitCoversAllNamespaces() throws {
    let all = try found(
      "match: {state: close-wait, netns: all}", "limit: 4", "action: destroy")
    #expect(all.refusal?.count == 5)
    #expect(all.rowsToActOn.isEmpty)
  }

  @Test func aPercentageCoversOneNamespace() throws {
    let all = try found(
      "match: {state: close-wait, netns: blue}", "group-by: process", "limit-percent: 60",
      "action: destroy")
    #expect(all.groups[0].total == 3)
    #expect(all.refusal?.share?.total == 3)
  }

  @Test func exceptionsAndProtectionsCanNameNamespaces() throws {
    let excepted = try found(
      "match: {state: close-wait, netns: all}", "except: [{netns: blue}]", "action: destroy")
    #expect(excepted.rowsToActOn == [0, 1])
    #expect(excepted.excludedCount == 3)
    let protected = try found(
      "match: {state: close-wait, netns: all}", "action: destroy",
      adding: "protect: [{netns: blue, port: 8080}]\n")
    #expect(protected.rowsToActOn == [0, 1])
    #expect(protected.spared.map(\.reason) == [.protected(by: 0, certain: true)] * 3)
  }

  @Test func unknownNamespacesAreProtectedAndNeverMatched() throws {
    let protected = try found(
      "match: {state: close-wait}", "action: destroy", adding: "protect: [{netns: 1744}]\n")
    #expect(protected.rowsToActOn.isEmpty)
    #expect(protected.spared.map(\.reason) == [.protected(by: 0, certain: false)] * 2)
    let excepted = try found(
      "match: {state: close-wait}", "except: [{netns: 1744}]", "action: destroy")
    #expect(excepted.rowsToActOn.isEmpty && excepted.undecided.exception == 2)
    let matched = try found("match: {state: close-wait, netns: 1744}", "action: destroy")
    #expect(matched.rowsToActOn.isEmpty && matched.undecided.match == 5)
  }

  @Test func anInterfaceProtectsAllOtherNamespaces() throws {
    let protected = try found(
      "match: {state: close-wait, netns: all}", "action: destroy",
      adding: "protect: [{interface: lo}]\n")
    #expect(protected.rowsToActOn == [0, 1])
    #expect(protected.spared.map(\.reason) == [.protected(by: 0, certain: false)] * 3)
  }

  // MARK: - Memory

  private func memories(
    _ policies: [Policy], after memories: [UInt16: RunMemory], runs: Int = 1
  ) -> [UInt16: RunMemory] {
    var memories = memories
    for run in 0..<runs {
      let history = PolicyHistory(memories, now: 1_000_000 + UInt64(run) * 1000)
      let table = SampleTable(Self.rows)
      let found = Evaluation.findings(
        of: table, policies: PolicySet(policies: policies), history: history)
      memories = Evaluation.memory(after: found, of: table, history: history) { _, group in
        group.rowsToActOn.count
      }
    }
    return memories
  }

  @Test func remembersEachNamespaceSeparately() throws {
    let policies = try policies(
      file(
        "match: {state: close-wait, netns: all}", "group-by: peer", "seen: 2", "give-up-after: 3",
        "action: destroy"))
    let both: [UInt16: RunMemory] = [0: RunMemory(), 1: RunMemory()]
    let first = memories(policies, after: both)
    #expect(first[0]?.connections.keys.map(\.rawValue).sorted() == [1, 2])
    #expect(first[1]?.connections.keys.map(\.rawValue).sorted() == [3, 4, 5])
    #expect(first[0]?.flags.count == 2 && first[1]?.flags.count == 3)
    let third = memories(policies, after: first, runs: 2)
    #expect(third[0]?.groups.values.map(\.rounds) == [2])
    #expect(third[1]?.groups.values.map(\.rounds) == [2])
    let lopsided = memories(policies, after: [0: third[0] ?? RunMemory(), 1: RunMemory()], runs: 2)
    #expect(lopsided[0]?.groups.values.map(\.rounds) == [3], "given up")
    #expect(lopsided[1]?.groups.values.map(\.rounds) == [1])
  }

  @Test func namespacesWithoutAMemoryAreNeverSeenOften() throws {
    let policies = try policies(
      file("match: {state: close-wait, netns: all}", "seen: 2", "action: destroy"))
    let after = memories(policies, after: [0: RunMemory()], runs: 3)
    #expect(after.keys.sorted() == [0])
    let found = Evaluation.findings(
      of: SampleTable(Self.rows), policies: PolicySet(policies: policies),
      history: PolicyHistory(after, now: 1_003_000))
    #expect(found[0].rowsToActOn == [0, 1])
    #expect(found[0].spared.map(\.reason) == [.notSeenEnough(runs: 1)] * 3)
  }

  @Test func rulesDoNotDependOnTheExaminedNamespaces() throws {
    let asked = try read(file("match: {state: close-wait, netns: blue}", "action: destroy"))
    let known = try policies(file("match: {state: close-wait, netns: blue}", "action: destroy"))
    #expect(asked.policies[0].rules == known[0].rules)
  }
}

private func * <Value>(list: [Value], count: Int) -> [Value] {
  Array(repeating: list, count: count).flatMap { $0 }
}
