import ArgumentParser

/// `connreap policy`: the commands for policies.
struct PolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy",
    abstract: "Writes, checks, plans and applies cleanup policies.",
    subcommands: [
      PolicyNewCommand.self, PolicyCheckCommand.self, PolicyPlanCommand.self,
      PolicyApplyCommand.self, PolicySchemaCommand.self,
    ])
}
