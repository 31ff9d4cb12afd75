import Operations
import PolicyEngine
import Rendering
import Selection

extension PolicyDraft {
  /// Prints the policy on standard output.
  ///
  /// - Throws: if `policy check` would report an error or a warning.
  func print(names: some NameResolver) throws {
    guard Policy.isName(name) else {
      throw CommandFailure(
        .usage,
        "invalid policy name \"\(EscapedText.escaped(name))\"",
        remedy: "a name has lower-case letters, digits and hyphens, as in java-leak")
    }
    let text: String
    do {
      text = try written(names: names)
    } catch {
      throw CommandFailure(
        .usage, "no policy for this selection: \(EscapedText.escaped(error.message))",
        remedy: "change the selection, and try it with 'connreap list'")
    }
    var stream = OutputStream(Standard.output)
    try stream.write(text)
    try stream.flush()
  }
}

extension SelectionOptions {
  /// The selection of a policy, without default states.
  ///
  /// - Throws: if it would select every connection.
  func predicateForPolicy(names: some NameResolver) throws(CommandFailure) -> SelectionPredicate {
    let selection = try predicateWithoutWarnings(names: names)
    guard !selection.selectsEveryConnection else {
      throw CommandFailure(
        .usage, "no policy for this selection: it would match every connection",
        remedy: "add a selection, such as --state close-wait --process java")
    }
    return selection
  }
}
