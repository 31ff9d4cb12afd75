package import Connections
import Presentation
package import Reaping
import Rendering

/// The options that limit what a selection by hand closes.
package struct GuardSettings: Sendable {
  /// A plan that would close more connections is refused (`--max`).
  package let maximum: Int
  /// The protected names that may be closed after all (`--unprotect`).
  package let unprotected: Set<String>

  package init(maximum: Int, unprotected: Set<String>) {
    self.maximum = maximum
    self.unprotected = unprotected
  }

  /// The guards on `system` against `method`.
  ///
  /// - Parameter sessions: what earlier calls in the run learned about the caller's sessions.
  package func guards(
    on system: LiveSystem, _ method: ClosingMethod, namedStates: TCPStateSet,
    remembering sessions: TunnelMemory
  ) throws(CommandFailure) -> Guards {
    Guards(
      caller: try system.caller(remembering: sessions), namedStates: namedStates,
      unprotected: unprotected, machineInit: try system.machineInit(),
      method: method, onlyUser: Rights.onlyUser)
  }

  /// Throws if `plan` would close more than `--max`.
  package func refuseIfTooLarge(_ plan: Plan) throws(CommandFailure) {
    let count = plan.closings.count
    guard count > maximum else { return }
    throw CommandFailure(
      .refused,
      "refused: \(Count.text(count)) connections would be \(plan.verb), more than --max \(maximum); "
        + "nothing was closed",
      remedy: "check them with 'connreap list', select fewer, or use --max \(count)")
  }
}
