import ArgumentParser

/// The policy files.
struct PolicyFileArguments: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "policy file, or directory with *.yaml and *.yml files", valueName: "file"))
  var files: [String]
}
