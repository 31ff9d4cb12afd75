import ArgumentParser
import Connections
import Reaping

/// The options that say what is not closed, whatever is selected by hand.
struct GuardOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "refuse the whole plan when it would close more than this (default: 100)", valueName: "n"),
    transform: WholeNumber.read)
  var max = 100

  @Option(
    help: ArgumentHelp("close connections of this program too, spared else", valueName: "name"))
  var unprotect: [String] = []

  func validate() throws {
    if max < 1 { throw ValidationError("--max is a number from 1") }
  }

  /// What spares connections of `system` from `method`.
  ///
  /// - Parameter sessions: what earlier calls of the same run found out of the caller's sessions.
  func guards(
    on system: LiveSystem, _ method: ClosingMethod, namedStates: TCPStateSet,
    remembering sessions: TunnelMemory
  ) throws(CommandFailure) -> Guards {
    Guards(
      caller: try system.caller(remembering: sessions), namedStates: namedStates,
      unprotected: try unprotectedNames(), machineInit: try system.machineInit(),
      method: method, onlyUser: Rights.onlyUser)
  }

  /// The protected names that are given up.
  func unprotectedNames() throws(CommandFailure) -> Set<String> {
    let names = unprotect.flatMap { $0.split(separator: ",").map(String.init) }
    for name in names where !Guards.protectedByDefault.contains(name) {
      throw CommandFailure(
        .usage, "--unprotect: \"\(EscapedText.escaped(name))\" is not protected",
        remedy: "protected are " + Guards.protectedByDefault.sorted().joined(separator: ", "))
    }
    return Set(names)
  }

  /// Throws when `plan` would close more than `--max`.
  func refuseIfTooLarge(_ plan: Plan) throws(CommandFailure) {
    let count = plan.closings.count
    guard count > max else { return }
    throw CommandFailure(
      .refused,
      "refused: \(Count.text(count)) connections would be \(plan.deed), more than --max \(max); "
        + "nothing was closed",
      remedy: "look at them with 'connreap list', select fewer, or say --max \(count)")
  }
}
