import ArgumentParser
import Operations
import PolicyEngine
import Privileges
import Selection

/// `connreap policy new`: prints a policy for a selection.
struct PolicyNewCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Prints a policy for a selection; changes nothing, needs no privileges.",
    discussion: """
      Each selection option becomes the key of the same name in 'match'. The other keys get \
      sensible values with comments. The policy closes connections if the selection requires a \
      half-closed state, such as close-wait, or a minimum time, such as --idle 1h. Otherwise it \
      only reports them, because it could close active connections.

      \(FilterHelp.text)
      """)

  @Argument(help: ArgumentHelp("name of the policy: lower-case letters, digits and hyphens"))
  var name: String

  @OptionGroup(title: "Selection") var selection: SelectionOptions
  @OptionGroup(title: "Policy") var keys: PolicyKeyOptions

  var needs: Capabilities { [] }

  func run() throws {
    let names = SystemNames()
    let draft = PolicyDraft(
      name, matching: selection.keys, selecting: try selection.predicateForPolicy(names: names),
      action: keys.action)
    try keys.applied(to: draft).print(names: names)
  }
}
