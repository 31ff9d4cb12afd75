import Glibc
import Testing

/// A policy that exceeds its limit closes nothing and does not affect other policies.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct PolicyLimitTests {
  let namespace: NetworkNamespace
  let folder: TemporaryDirectory
  let listener: Socket

  init() throws {
    namespace = try NetworkNamespace()
    folder = try TemporaryDirectory()
    #expect(chmod(namespace.state.path, 0o700) == 0)
    listener = try namespace.server.listen("pool", port: 8080)
  }

  private func policy(_ verb: String, _ arguments: String...) throws -> CommandResult {
    try namespace.connreap(["policy", verb, "--state-dir", namespace.state.path] + arguments)
  }

  private var state: String { namespace.state.path }

  private var leaks: Int {
    get throws { try namespace.rows("--state", "close-wait").count }
  }

  /// A file of policies, each `name: keys`.
  private func file(_ policies: (name: String, keys: String)...) throws -> String {
    let text = policies.map { "  - name: \($0.name)\n    \($0.keys)\n" }.joined()
    return try folder.write("leaks.yaml", "version: 1\npolicies:\n" + text)
  }

  private static let closeWaits = "match: {state: close-wait, local-port: 8080}"

  @Test func aPolicyOverItsLimitClosesNothing() throws {
    _ = try namespace.closeWaits(4, to: listener)
    let file = try file(
      ("pile-up", Self.closeWaits + "\n    group-by: process\n    action: destroy\n    limit: 3"))
    let ended = try policy("apply", file)
    #expect(ended.status == 2)
    #expect(
      ended.errorText.contains(
        "connreap: policy pile-up refused, nothing closed: 4 connections exceed its "
          + "limit of 3\n"))
    #expect(ended.text.contains("4 exceed the limit of 3: refused, nothing is closed"))
    #expect(ended.lines.last == "Nothing to close: report 0, leave 4, spare 0.")
    #expect(try leaks == 4)
    let runs = try AuditedRun.all(in: state)
    #expect(runs.map(\.exit) == [2] && runs.map(\.closed) == [0] && runs.map(\.found) == [4])
    #expect(runs.first?.refused?.map(\.policy) == ["pile-up"])
    #expect(runs.first?.refused?.map(\.reason) == ["4, limit 3"])
  }

  /// Someone who opens many connections stops only the policy that counts them.
  @Test(arguments: [false, true]) func appliesTheOtherPolicies(isFirst: Bool) throws {
    _ = try namespace.closeWaits(4, to: listener)
    let second = try namespace.server.listen("second", port: 8081)
    let alive = try namespace.pair(to: second, as: "one")
    _ = try namespace.pair(to: second, as: "two")
    let limited = (
      name: "too-many",
      keys: "match: {state: established, local-port: 8081}\n    action: destroy\n    limit: 1"
    )
    let within = (
      name: "pile-up", keys: Self.closeWaits + "\n    action: destroy\n    limit: 10"
    )
    let file = isFirst ? try file(limited, within) : try file(within, limited)
    let planned = try policy("plan", file)
    #expect(planned.status == 2)
    #expect(planned.text.contains("4 of 4 will be closed"))
    #expect(planned.text.contains("Plan: close 4, report 0, leave 2, spare 0. Nothing was"))
    #expect(planned.errorText.contains("policy too-many refused, nothing closed"))
    #expect(try leaks == 4)
    let ended = try policy("apply", "--quiet", file)
    #expect(ended.status == 2, "\(ended.errorText)")
    #expect(ended.errorText.contains("policy too-many refused, nothing closed"))
    #expect(ended.text.contains("closed 4, gone 0, failed 0"))
    #expect(try leaks == 0)
    #expect(try alive.client.reaches(alive.server))
    let run = try #require(try AuditedRun.all(in: state).first)
    #expect(run.exit == 2 && run.closed == 4)
    #expect(run.refused?.map(\.policy) == ["too-many"])
    #expect(run.policies == (isFirst ? ["too-many", "pile-up"] : ["pile-up", "too-many"]))
    // The next run refuses the rest again; nothing else has stopped.
    #expect(try policy("apply", file).status == 2)
    #expect(try AuditedRun.all(in: state).map(\.closed) == [4, 0])
  }

  /// The acting policy claims connections that two policies flag. A refused policy claims nothing,
  /// and claimed connections do not count towards the limit of a later policy.
  @Test func thePolicyWithinItsLimitClosesSharedConnections() throws {
    _ = try namespace.closeWaits(4, to: listener)
    let small = (name: "small", keys: Self.closeWaits + "\n    action: destroy\n    limit: 3")
    let large = (name: "large", keys: Self.closeWaits + "\n    action: destroy\n    limit: 4")
    let refused = try policy("plan", try file(small, large))
    #expect(refused.status == 2)
    #expect(refused.text.contains("Plan: close 4, report 0, leave 0, spare 0."))
    let fine = try policy("plan", try file(large, small))
    #expect(fine.status == 0, "nothing is left to close")
    #expect(try policy("apply", try file(small, large)).status == 2)
    #expect(try leaks == 0)
    let closed = try AuditRecord.all(in: state).filter { $0.event == "closed" }
    #expect(closed.compactMap(\.policy) == ["large", "large", "large", "large"])
  }

  /// The other policy plans only its own matches, within its own limit.
  @Test func aRefusedPolicyDoesNotAffectOtherLimits() throws {
    _ = try namespace.closeWaits(4, to: listener)
    let file = try file(
      ("small", Self.closeWaits + "\n    action: destroy\n    limit: 1"),
      ("part", Self.closeWaits + "\n    keep: 2\n    action: destroy\n    limit: 2"),
      ("rest", Self.closeWaits + "\n    action: destroy\n    limit: 1"))
    let ended = try policy("apply", file)
    #expect(ended.status == 2)
    #expect(try leaks == 2)
    let run = try #require(try AuditedRun.all(in: state).last)
    #expect(run.refused?.map(\.policy) == ["small", "rest"])
    #expect(run.refused?.map(\.reason) == ["4, limit 1", "2, limit 1"])
    for name in ["small", "rest"] {
      #expect(ended.errorText.contains("policy \(name) refused, nothing closed"))
    }
    #expect(
      try AuditRecord.all(in: state).allSatisfy { $0.policy == "part" })
  }

  @Test func aPercentageLimitRefusesOnlyItsPolicy() throws {
    _ = try namespace.closeWaits(3, to: listener)
    let file = try file(
      (
        "share",
        Self.closeWaits
          + "\n    group-by: process\n    action: destroy\n    limit-percent: 10"
      ),
      ("pile-up", Self.closeWaits + "\n    action: destroy"))
    let ended = try policy("apply", "-o", "json", file)
    #expect(ended.status == 2)
    #expect(ended.text.contains("\"refused\":true,\"refused_reason\":\"3 of the "))
    #expect(ended.errorText.contains("set 'limit-percent: 50'"))
    #expect(try leaks == 0)
  }

  @Test func aRefusalDoesNotHideAFailure() throws {
    _ = try namespace.closeWaits(3, to: listener)
    let file = try file(
      ("small", Self.closeWaits + "\n    action: destroy\n    limit: 1"),
      ("slow", Self.closeWaits + "\n    action: destroy\n    rate: 1"))
    let ended = try policy("apply", "--timeout", "1500ms", file)
    #expect(ended.status == 1, "exit code 2 says that the other policies were applied")
    #expect(try AuditedRun.all(in: state).map(\.exit) == [1])
  }
}
