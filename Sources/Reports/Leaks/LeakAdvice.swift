import Connections
import Operations
package import Presentation
import Rendering

/// What to type next: the commands for the worst group.
package struct LeakAdvice {
  /// The directory for policies; nil for the current directory.
  package let policyDirectory: String?
  /// Whether that directory must be created first.
  package let createsDirectory: Bool
  /// The absolute path of this program, for cron; nil if unknown.
  package let program: String?
  /// Whether cron reads tables in `/etc/cron.d`.
  package let hasCronDirectory: Bool

  package init(
    policyDirectory: String?, createsDirectory: Bool = false, program: String?,
    hasCronDirectory: Bool
  ) {
    self.policyDirectory = policyDirectory
    self.createsDirectory = createsDirectory
    self.program = program
    self.hasCronDirectory = hasCronDirectory
  }

  /// The commands, one on each line, below their purpose.
  package func text(_ remedy: LeakRemedy, for group: LeakGroup) -> String {
    let name = EscapedText.escaped(group.label)
    let keeping = keeping(remedy)
    let how =
      !cron.isEmpty
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
    let directory = policyDirectory.flatMap { createsDirectory ? $0 : nil }
      .map { [CommandLineWords.shell(["install", "-d", "-m", "755", $0])] }
    return (directory ?? [])
      + ["\(remedy.policy) > \(file)", "connreap policy plan \(file)"] + cron
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
