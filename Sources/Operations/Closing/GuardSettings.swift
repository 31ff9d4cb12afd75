package import Connections
import Presentation
package import Reaping
import Rendering

/// What is not closed, whatever is selected by hand.
package struct GuardSettings: Sendable {
  /// A plan that would close more is refused.
  package let maximum: Int
  /// The protected names that are given up.
  package let unprotected: Set<String>

  package init(maximum: Int, unprotected: Set<String>) {
    self.maximum = maximum
    self.unprotected = unprotected
  }

  /// What spares connections of `system` from `method`.
  ///
  /// - Parameter sessions: what earlier calls of the same run found out of the caller's sessions.
  package func guards(
    on system: LiveSystem, _ method: ClosingMethod, namedStates: TCPStateSet,
    remembering sessions: TunnelMemory
  ) throws(CommandFailure) -> Guards {
    Guards(
      caller: try system.caller(remembering: sessions), namedStates: namedStates,
      unprotected: unprotected, machineInit: try system.machineInit(),
      method: method, onlyUser: Rights.onlyUser)
  }

  /// Throws when `plan` would close more than `--max`.
  package func refuseIfTooLarge(_ plan: Plan) throws(CommandFailure) {
    let count = plan.closings.count
    guard count > maximum else { return }
    throw CommandFailure(
      .refused,
      "refused: \(Count.text(count)) connections would be \(plan.deed), more than --max \(maximum); "
        + "nothing was closed",
      remedy: "look at them with 'connreap list', select fewer, or say --max \(count)")
  }
}
