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
        + "nothing was closed", remedy: Self.commands(raisingMaximumTo: count))
  }

  /// The commands that show and close a plan of `count` connections.
  private static func commands(raisingMaximumTo count: Int) -> String {
    let close = CommandLineWords.replacingOption("--max", with: "\(count)")
    let dryRun = CommandLineWords.all.contains { ["-n", "--dry-run"].contains($0) }
    let show = dryRun ? close : close + ["--dry-run"]
    let lines =
      ["check them:  \(CommandLineWords.shell(["connreap"] + show))"]
      + (dryRun ? [] : ["close them:  \(CommandLineWords.shell(["connreap"] + close))"])
    return lines.map { EscapedText.escaped($0) }.joined(separator: "\n")
  }
}
