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

/// The files that hold policies.
struct PolicyFileArguments: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "policy files; a folder is every *.yaml and *.yml directly in it", valueName: "file"))
  var files: [String]
}
