import ArgumentParser

/// `connreap policy`: the commands for policies.
struct PolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy",
    abstract: "Checks, plans and applies cleanup policies.",
    subcommands: [
      PolicyCheckCommand.self, PolicyPlanCommand.self, PolicyApplyCommand.self,
      PolicySchemaCommand.self,
    ])
}
