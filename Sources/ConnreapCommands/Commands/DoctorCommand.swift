import ArgumentParser
import Privileges
import Scanning

/// `connreap doctor`: what this kernel and these privileges allow.
struct DoctorCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", _superCommandName: "connreap",
    abstract: "Says what this kernel and these privileges allow, and what to change.",
    discussion: """
      It changes nothing. The exit code is 0 when all is well, and 1 otherwise. How long descriptors \
      last is told of processes that runs of 'policy apply' have watched.
      """)

  @Option(
    help: ArgumentHelp("where the history of policy runs is kept", valueName: "folder"))
  var stateDir: String?

  @Option(name: .shortAndLong, help: "how it is printed: table or json")
  var output = OutputFormat.table

  @Option(help: ArgumentHelp("when to colour; NO_COLOR is honoured", valueName: "when"))
  var color = ColorChoice.auto

  var needs: Capabilities { PrivilegedStep.allNeeds }

  func validate() throws {
    guard output == .table || output == .json else {
      throw ValidationError("doctor prints -o table or -o json")
    }
  }

  func run() throws {
    let system = try LiveSystem(SourceOptions.live)
    let past = RunHistory.remembered(option: stateDir, of: system)
    // What it says of what is held, it also tries.
    let examination = OwnPrivileges.raising(needs) { Examination(system, past: past) }
    var stream = OutputStream(Standard.output)
    if output == .json {
      var json = JSONWriter()
      examination.write(to: &json)
      try stream.write { $0.append(contentsOf: json.take()) }
    } else {
      let terminal = Terminal.of(Standard.output, columns: nil)
      try stream.write(
        examination.text(
          colors: color.isOn(for: terminal, environment: .ofProcess), columns: terminal.width))
    }
    try stream.flush()
    guard examination.isHealthy else { throw CommandFailure.silent(.failed) }
  }
}
