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

  /// Lines with a command each.
  package func text(_ remedy: LeakRemedy, for group: LeakGroup) -> String {
    commands(remedy).map { label, command in
      let padding = String(repeating: " ", count: max(1, 14 - label.utf8.count))
      return "  \(label)\(padding)\(command)\n"
    }.joined()
  }

  /// The commands, each with its purpose.
  package func commands(_ remedy: LeakRemedy) -> [(purpose: String, command: String)] {
    let file = CommandLineWords.shell([
      (policyDirectory.map { "\($0)/" } ?? "") + remedy.policyName + ".yaml"
    ])
    return [
      ("close now", remedy.kill),
      ("write policy", "\(remedy.policy) > \(file)"),
      ("try policy", "connreap policy plan \(file)"),
    ] + cron(file)
  }

  /// The command that applies the policies every five minutes, if cron can.
  private func cron(_ file: String) -> [(purpose: String, command: String)] {
    guard let policyDirectory, let program, hasCronDirectory else { return [] }
    let line = CommandLineWords.shell([
      "*/5 * * * * root \(CommandLineWords.shell([program])) policy apply --quiet "
        + CommandLineWords.shell([policyDirectory])
    ])
    return [("every 5 min", "echo \(line) > /etc/cron.d/connreap")]
  }
}
