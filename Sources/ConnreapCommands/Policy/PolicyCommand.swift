import ArgumentParser
import LiveView
import Operations
import PolicyEngine
import Privileges
import Reaping
import Rendering
import Reports
import Selection
import StateFiles
import SystemPackage

/// `connreap policy`: policies that cron can be trusted with.
struct PolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy",
    abstract: "Checks, plans and applies cleanup policies.",
    subcommands: [
      PolicyCheckCommand.self, PolicyPlanCommand.self, PolicyApplyCommand.self,
      PolicySchemaCommand.self,
    ])
}
