import ArgumentParser
import Operations
import PolicyEngine
import Privileges
import Rendering

/// `connreap policy schema`: prints the JSON Schema of a policy file.
struct PolicySchemaCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Prints the JSON Schema of a policy file, for editors.",
    discussion: """
      Save it next to the policies, and start each file with the line \
      '# yaml-language-server: $schema=policy.schema.json'.
      """)

  var needs: Capabilities { [] }

  func run() throws {
    var stream = OutputStream(Standard.output)
    try stream.write(PolicySchema.text)
    try stream.flush()
  }
}
