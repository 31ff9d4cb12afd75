import Connections
import PolicyEngine
import Reaping
import Scanning
import Selection
import Testing

/// The rules of the policies of a run.
@Suite struct PolicyRulesTests {
  private static func policy(_ name: String, port: UInt16) -> Policy {
    Policy(
      name: name, file: "p.yaml", line: 1, match: .term(.port(.local, port...port)),
      action: .destroy)
  }

  /// The first policy covers the connections of the scene, the second does not.
  private func reason(_ reference: Plan.PolicyReference?) throws -> SpareReason? {
    let snapshot = try Scene.connections(1).snapshot()
    let now = try #require(snapshot.connections.first)
    let policies = [
      Self.policy("covers", port: now.identity.localPort), Self.policy("other", port: 1),
    ]
    let rules = PolicyRules(policies) { _ in Scene.guards() }
    let step = Plan.Step(connection: now, decision: .close, policy: reference)
    return rules.reasonToSpare(step, now: now, in: snapshot)
  }

  @Test func eachPolicyJudgesItsOwnConnections() throws {
    #expect(try reason(.init(index: 0, name: "covers")) == nil)
    #expect(try reason(.init(index: 1, name: "other")) == .changed(to: .established))
  }

  @Test(arguments: [
    (0, "other"), (1, "covers"), (2, "covers"), (-1, "covers"), (Int.max, "covers"),
  ])
  func aPolicyThatIsNotAmongThemPermitsNothing(index: Int, name: String) throws {
    #expect(try reason(.init(index: index, name: name)) == .changed(to: .established))
  }

  @Test func aStepWithoutAPolicyIsSpared() throws {
    #expect(try reason(nil) == .changed(to: .established))
  }
}
