import ArgumentParser
import Operations
import PolicyEngine
import Privileges
import Rendering

/// `connreap policy check`: validates policies.
struct PolicyCheckCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Validates policies; changes nothing, needs no privileges.")

  @OptionGroup var arguments: PolicyFileArguments

  var needs: Capabilities { [] }

  func run() throws {
    let loaded = try PolicyLoading(arguments.files, asRoot: false)
    Standard.report(loaded.report)
    let policies = loaded.policies.policies.count
    let files = loaded.fileCount
    var stream = OutputStream(Standard.output)
    try stream.write(
      "\(policies) \(policies == 1 ? "policy" : "policies") in \(files) file\(Count.plural(files)): "
        + "no error\n")
    try stream.flush()
  }
}
