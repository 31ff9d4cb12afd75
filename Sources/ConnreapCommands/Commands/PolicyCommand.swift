import ArgumentParser
import PolicyEngine
import Privileges
import Reaping
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

/// The files that hold policies.
struct PolicyFileArguments: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "policy files; a folder is every *.yaml and *.yml directly in it", valueName: "file"))
  var files: [String]
}

/// `connreap policy check`: validates policies; changes nothing, needs no privilege.
struct PolicyCheckCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Validates policies; changes nothing, needs no privilege.")

  @OptionGroup var arguments: PolicyFileArguments

  var needs: Capabilities { [] }

  func run() throws {
    let loaded = try PolicyLoading(arguments.files, asRoot: false)
    Standard.say(loaded.report)
    let policies = loaded.policies.policies.count
    let files = loaded.fileCount
    var stream = OutputStream(Standard.output)
    try stream.write(
      "\(policies) \(policies == 1 ? "policy" : "policies") in \(files) file\(Count.plural(files)): "
        + "no error\n")
    try stream.flush()
  }
}

/// `connreap policy plan`: what the policies would do now.
struct PolicyPlanCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Shows what policies would do now; changes nothing.")

  @OptionGroup var arguments: PolicyFileArguments
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Source") var source: SourceOptions

  @Option(
    help: ArgumentHelp("where earlier runs have remembered what they saw", valueName: "folder"))
  var stateDir: String?

  var needs: Capabilities {
    guard source.replay == nil else { return [] }
    // A policy may be about marks or other namespaces, and its file is not read yet.
    let needs = Capabilities.owners.union(PrivilegedStep.seeingMarks.needs)
      .union(PrivilegedStep.enteringNamespace.needs)
    return source.record == nil ? needs : needs.union([.dacOverride])
  }

  func validate() throws { try output.check("policy plan", prints: [.table, .json]) }

  func run() throws {
    let isLive = source.replay == nil
    let loaded = try PolicyLoading(
      arguments.files, asRoot: isLive, names: SystemNames(namespaces: isLive))
    Standard.say(loaded.report)
    try keepRights(for: loaded.policies)
    let system = try LiveSystem(source.source).inNamespaces(of: loaded.policies)
    let memories = system.isLive ? try RunHistory.read(option: stateDir, of: system) : nil
    let evaluated = try PolicyEvaluation(loaded.policies, on: system, memories: memories)
    let gaps = JudgingGaps(of: evaluated, on: system)
    for notice in gaps.notices { Standard.say("connreap: \(notice)\n") }
    let report = PolicyReport(evaluated, output: output.style, isLive: system.isLive)
    try report.printPlan(arguments: arguments.files)
    try system.finish()
    try PolicyRefusals(evaluated.findings).check()
    try gaps.check()
  }
}

/// `connreap policy apply`: does what the policies say; the verb for cron.
struct PolicyApplyCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Does what policies say: the command for cron.",
    discussion: """
      Only one run at a time: a second one ends with exit code 75. If a policy exceeds its limit, \
      that policy closes nothing, the other policies are applied, and the exit code is 2. The \
      audit log gets one line for each run.
      """)

  @OptionGroup var arguments: PolicyFileArguments

  @Flag(name: .shortAndLong, help: "print only when something was found, done or failed")
  var quiet = false

  @Option(
    help: ArgumentHelp("where the lock and what is remembered are kept", valueName: "folder"))
  var stateDir: String?

  @OptionGroup var time: TimeoutOption

  @OptionGroup(title: "Output") var output: OutputOptions

  var needs: Capabilities {
    Capabilities.owners.union(PrivilegedStep.closing.needs).union(
      PrivilegedStep.enteringNamespace.needs)
  }

  func validate() throws { try output.check("policy apply", prints: [.table, .json]) }

  func run() throws {
    let limits = try time.limits(from: .now)
    Interruption.watch()
    let watchdog = RunWatchdog.start(limits)
    defer { watchdog.disarm() }
    let loaded = try PolicyLoading(arguments.files, asRoot: true)
    if !quiet { Standard.say(loaded.report) }
    try keepRights(for: loaded.policies)
    let folder = try StateAccess.open(option: stateDir)
    let lock = try StateAccess.lock(folder)
    let trail = try AuditTrail(in: folder, AuditedRun(command: "policy apply", selection: nil))
    watchdog.record(trail.record, in: folder.path)
    let run = PolicyRun(loaded.policies, output: output.style, isQuiet: quiet, limits: limits)
    try trail.recordingRun {
      try run.carryOut(in: folder, holding: lock, recording: trail, watchedBy: watchdog)
    }
  }
}

extension PrivilegedCommand {
  /// Gives up what only policies need that name network namespaces, when `policies` do not.
  fileprivate func keepRights(for policies: PolicySet) throws(CommandFailure) {
    guard !policies.namesNamespaces else { return }
    try Rights.keep(needs.subtracting(PrivilegedStep.enteringNamespace.needs))
  }
}

/// `connreap policy schema`: prints the JSON Schema of a policy file.
struct PolicySchemaCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Prints the JSON Schema of a policy file, for editors.",
    discussion: """
      Save it beside the policies, and start each of them with the line \
      '# yaml-language-server: $schema=policy.schema.json'.
      """)

  var needs: Capabilities { [] }

  func run() throws {
    var stream = OutputStream(Standard.output)
    try stream.write(PolicySchema.text)
    try stream.flush()
  }
}
