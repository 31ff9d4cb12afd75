import ArgumentParser
import Connections
import Operations
import Reaping
import Rendering
import Reports

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

  /// The same as a value.
  ///
  /// - Throws: when a name is not protected.
  func settings() throws(CommandFailure) -> GuardSettings {
    GuardSettings(maximum: max, unprotected: try unprotectedNames())
  }

  private func unprotectedNames() throws(CommandFailure) -> Set<String> {
    let names = unprotect.flatMap { $0.split(separator: ",").map(String.init) }
    for name in names where !Guards.protectedByDefault.contains(name) {
      throw CommandFailure(
        .usage, "--unprotect: \"\(EscapedText.escaped(name))\" is not protected",
        remedy: "protected are " + Guards.protectedByDefault.sorted().joined(separator: ", "))
    }
    return Set(names)
  }
}
