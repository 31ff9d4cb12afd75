import ArgumentParser
import Connections
import Privileges
import Reaping
import Scanning
import Selection
import SystemPackage

/// `connreap kill`: closes what it selects, verifies each one, reports each one.
struct KillCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "kill", _superCommandName: "connreap",
    abstract: "Closes connections, verifies each, and reports each.",
    discussion: """
      Every connection is read again by its cookie right before it is closed, and looked for \
      afterwards. Never closed: listeners (unless --state listen names them), what no process \
      holds (unless named by state), connreap's own connections, your own session, those of \
      sshd (unless --unprotect sshd) and those of the machine's init.

      \(FilterHelp.text)
      """)

  @OptionGroup(title: "Selection") var selection: SelectionOptions

  @Flag(help: "every connection: an empty selection is refused otherwise")
  var all = false

  @Flag(name: [.customShort("n"), .long], help: "print the plan; send nothing")
  var dryRun = false

  @Flag(name: .shortAndLong, help: "do not ask, on a terminal")
  var yes = false

  @Option(
    help: ArgumentHelp("refuse the whole plan when it would close more than this", valueName: "n"))
  var max = 100

  @Option(
    help: ArgumentHelp("close connections of this program too, spared else", valueName: "name"))
  var unprotect: [String] = []

  @Option(
    help: ArgumentHelp("where the audit log is, and what runs have remembered", valueName: "folder")
  )
  var stateDir: String?

  @OptionGroup var pace: PaceOptions

  @Option(help: .hidden) var method = "destroy"
  @Option(help: .hidden) var plan: String?

  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Source") var source: SourceOptions

  var needs: Set<Capability> {
    let closing = dryRun ? [] : PrivilegedStep.closing.needs
    return .scan(selection, on: source).union(closing)
  }

  func validate() throws {
    try selection.checkNamespaces(source)
    if max < 1 { throw ValidationError("--max is a number from 1") }
    if source.replay != nil, !dryRun {
      throw ValidationError("a recording cannot be closed: --replay goes with --dry-run")
    }
  }

  func run() throws {
    let limits = try pace.limits(from: .now)
    try refuseWhatIsNotBuilt()
    let selected = try selection.predicate(names: SystemNames())
    guard all || !selected.selectsEveryConnection else {
      throw CommandFailure(
        .usage,
        selection.isEmpty
          ? "kill without a selection would close every connection"
          : "kill with this selection would close every connection",
        remedy: "select some, as in --host 192.168.1.100 --port 80, or say --all")
    }
    let predicate = selected.limitedToDefaultStates()
    let system = try LiveSystem(source).inNamespaces(selection.netns, of: predicate)
    let guards = Guards(
      caller: try system.caller(), namedStates: predicate.namedStatesOneByOne,
      unprotected: try unprotectedNames(), machineInit: try system.machineInit(),
      onlyUser: Rights.onlyUser)
    let snapshot = try system.scan(
      ScanRequest(
        predicate, reading: [.figures, .owners, .controlGroups],
        past: predicate.needsHistory
          ? try RunHistory.past(option: stateDir, of: system) : .unknown))
    let left = ListSummary(snapshot: snapshot, shown: 0).namespaceWarnings
    for warning in left + system.namespaceNotices { Standard.say("connreap: \(warning)\n") }
    let plan = Plan(closing: snapshot, guardedBy: guards)
    let report = KillReport(plan: plan, output: output, isLive: system.isLive)
    try refuseIfTooLarge(plan)
    if !dryRun, plan.wantsPrivileges { try system.requireClosing(plan.steps.count) }
    guard !dryRun, !plan.closings.isEmpty else {
      try report.printPlan(isDryRun: dryRun)
      return try system.finish()
    }
    let asks = !yes && Terminal.of(.standardInput, columns: nil).isTerminal
    if asks {
      try report.printQuestion()
      guard Question.ask("Close \(plan.closings.count == 1 ? "it" : "them")? [y/N] ") else {
        throw CommandFailure(.done, "nothing was closed")
      }
    }
    let trail = try AuditTrail(
      in: try StateAccess.open(option: stateDir),
      AuditTrail.Run(command: "kill", selection: Self.words))
    let run = ClosingRun(plan, report.text, on: system, limits: limits)
    try run.carryOut(
      recording: trail,
      isStillSelected: { _, connection in
        predicate.verdict(
          of: connection, owners: snapshot.ownerFacts(of: connection),
          past: snapshot.past(of: connection)) == .yes
      },
      printing: { outcomes in
        try report.printOutcomes(outcomes, planWasShown: asks)
        try system.finish()
      })
  }

  /// The words of the command line behind `kill`.
  private static var words: String {
    CommandLine.arguments.drop { $0 != "kill" }.dropFirst().joined(separator: " ")
  }

  private func refuseWhatIsNotBuilt() throws(CommandFailure) {
    if plan != nil {
      throw CommandFailure(.usage, "--plan is not built yet in this version")
    }
    guard method != "destroy" else { return }
    guard ["shutdown", "abort", "keepalive"].contains(method) else {
      throw CommandFailure(
        .usage, "--method: unknown method \"\(EscapedText.escaped(method))\"",
        remedy: "this version has one method, destroy")
    }
    throw CommandFailure(
      .usage, "--method \(method) is not built yet in this version",
      remedy: "this version has one method, destroy")
  }

  private func unprotectedNames() throws(CommandFailure) -> Set<String> {
    let names = unprotect.flatMap { $0.split(separator: ",").map(String.init) }
    for name in names where !Guards.protectedByDefault.contains(name) {
      throw CommandFailure(
        .usage, "--unprotect: \"\(EscapedText.escaped(name))\" is not protected",
        remedy: "protected are " + Guards.protectedByDefault.sorted().joined(separator: ", "))
    }
    return Set(names)
  }

  private func refuseIfTooLarge(_ plan: Plan) throws(CommandFailure) {
    let count = plan.closings.count
    guard count > max else { return }
    throw CommandFailure(
      .refused,
      "refused: \(Count.text(count)) connections would be closed, more than --max \(max); "
        + "nothing was closed",
      remedy: "look at them with 'connreap list', select fewer, or say --max \(count)")
  }
}

extension Plan {
  /// Whether the privilege to close would change anything: what is spared only because its owner
  /// could not be read is as a rule out of sight for want of privileges.
  fileprivate var wantsPrivileges: Bool {
    steps.contains { step in
      step.decision == .close || step.decision == .spare(.ownerUnknown)
    }
  }
}
