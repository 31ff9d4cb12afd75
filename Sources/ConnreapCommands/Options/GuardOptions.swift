import ArgumentParser
import Connections
import Operations
import Reaping
import Rendering
import Reports

/// The options that limit what a selection can close.
struct GuardOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "refuse a plan that closes more than this (default: 100)", valueName: "n"),
    transform: WholeNumber.read)
  var max = 100

  @Option(
    help: ArgumentHelp(
      "also close connections of this program, spared by default", valueName: "name"))
  var unprotect: [String] = []

  func validate() throws {
    if max < 1 { throw ValidationError("--max must be at least 1") }
  }

  /// The options as a value.
  ///
  /// - Throws: if a name is not protected.
  func settings() throws(CommandFailure) -> GuardSettings {
    GuardSettings(maximum: max, unprotected: try unprotectedNames())
  }

  private func unprotectedNames() throws(CommandFailure) -> Set<String> {
    let names = unprotect.flatMap { $0.split(separator: ",").map(String.init) }
    for name in names where !Guards.protectedByDefault.contains(name) {
      throw CommandFailure(
        .usage, "--unprotect: \"\(EscapedText.escaped(name))\" is not protected",
        remedy: "protected by default: "
          + Guards.protectedByDefault.sorted().joined(separator: ", "))
    }
    return Set(names)
  }
}
