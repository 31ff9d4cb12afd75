import Connections
import Operations
package import Presentation
import Rendering

/// What to type next: the commands for the worst group.
package struct LeakAdvice {
  /// The directory for policies; nil if it does not exist.
  package let policyDirectory: String?
  /// The absolute path of this program, for cron; nil if unknown.
  package let program: String?
  /// Whether cron reads tables in `/etc/cron.d`.
  package let hasCronDirectory: Bool

  package init(policyDirectory: String?, program: String?, hasCronDirectory: Bool) {
    self.policyDirectory = policyDirectory
    self.program = program
    self.hasCronDirectory = hasCronDirectory
  }

  /// The commands, one on each line, below their purpose.
  package func text(_ remedy: LeakRemedy, for group: LeakGroup) -> String {
    let name = EscapedText.escaped(group.label)
    let keeping = keeping(remedy)
    let how =
      keeping.count > 2
      ? "write a policy, see what it would do, and apply it every 5 minutes"
      : "write a policy, see what it would do, and run 'connreap policy apply' from cron"
    return """
      Close the connections of \(name) now (it asks first):
        \(remedy.kill)
      Keep them closed: \(how):
      \(keeping.map { "  \($0)" }.joined(separator: "\n"))

      """
  }

  /// The commands that keep the connections closed.
  package func keeping(_ remedy: LeakRemedy) -> [String] {
    let file = CommandLineWords.shell([
      (policyDirectory.map { "\($0)/" } ?? "") + remedy.policyName + ".yaml"
    ])
    return ["\(remedy.policy) > \(file)", "connreap policy plan \(file)"] + cron
  }

  /// The command that applies the policies every five minutes, if cron can.
  private var cron: [String] {
    guard let policyDirectory, let program, hasCronDirectory else { return [] }
    let line = CommandLineWords.shell([
      "*/5 * * * * root \(CommandLineWords.shell([program])) policy apply --quiet "
        + CommandLineWords.shell([policyDirectory])
    ])
    return ["echo \(line) > /etc/cron.d/connreap"]
  }
}
