import ArgumentParser
import Operations
import PolicyEngine
import Privileges
import Rendering
import Selection

/// `connreap policy plan`: shows what policies would do.
struct PolicyPlanCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Shows what policies would do now; changes nothing.")

  @OptionGroup var arguments: PolicyFileArguments
  @OptionGroup(title: "Output") var output: OutputOptions<TextOrJSON>
  @OptionGroup(title: "Source") var source: SourceOptions

  @Option(
    help: ArgumentHelp("directory of the history", valueName: "directory"))
  var stateDir: String?

  var needs: Capabilities {
    guard source.replay == nil else { return [] }
    // A policy may use marks or other namespaces, and its file is not read yet.
    let needs = Capabilities.owners.union(PrivilegedStep.seeingMarks.needs)
      .union(PrivilegedStep.enteringNamespace.needs)
    return source.record == nil ? needs : needs.union([.dacOverride])
  }

  func run() throws {
    let isLive = source.replay == nil
    let loaded = try PolicyLoading(
      arguments.files, asRoot: isLive, names: SystemNames(namespaces: isLive))
    Standard.report(loaded.report)
    try keepRights(for: loaded.policies)
    let (system, policies) = try LiveSystem.prepared(source.source, for: loaded.policies)
    let memories = system.isLive ? try RunHistory.read(option: stateDir, of: system) : nil
    let evaluated = try PolicyEvaluation(policies, on: system, memories: memories)
    let gaps = JudgingGaps(of: evaluated, on: system)
    for notice in gaps.notices { Standard.report("connreap: \(notice)\n") }
    let report = PolicyReport(evaluated, output: output.style, isLive: system.isLive)
    let directory = stateDir.map { ["--state-dir", $0] } ?? []
    try report.printPlan(
      appliedBy: system.isLive
        ? ["connreap", "policy", "apply"] + directory + arguments.files : nil)
    try system.finish()
    try PolicyRefusals(evaluated.findings).check()
    try gaps.check()
  }
}
