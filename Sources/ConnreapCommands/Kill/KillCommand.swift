import ArgumentParser
import Connections
import Operations
import Presentation
import Privileges
import Reaping
import Rendering
import Scanning
import Selection
import StateFiles
import SystemPackage

/// `connreap kill`: closes the selected connections and verifies each one.
struct KillCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "kill", _superCommandName: "connreap",
    abstract: "Closes connections and verifies each one.",
    discussion: """
      It reads every connection again by its cookie right before closing it, and checks it \
      afterwards. It never closes listeners (unless --state listen names them), sockets that no \
      process holds (unless their state is named), its own connections, your session, connections \
      of sshd and dropbear (unless --unprotect), connections of the machine's init, and \
      connections with an unknown owner.

      \(FilterHelp.text)
      """)

  @OptionGroup(title: "Selection") var selection: SelectionOptions

  @Flag(help: "select every connection; required without a selection")
  var all = false

  @Flag(name: [.customShort("n"), .long], help: "print the plan; close nothing")
  var dryRun = false

  @Flag(name: .shortAndLong, help: "skip the confirmation; required without a terminal")
  var yes = false

  @Flag(name: .shortAndLong, help: "list every connection of a large plan")
  var verbose = false

  @OptionGroup var guardOptions: GuardOptions

  @Option(
    help: ArgumentHelp("directory of the audit log and the history", valueName: "directory"))
  var stateDir: String?

  @OptionGroup var pace: PaceOptions

  @OptionGroup(title: "Method") var method: MethodOptions

  @Option(
    help: ArgumentHelp(
      "close the connections in this file from --dry-run -o json, after checking each again",
      valueName: "file"))
  var plan: String?

  @Option(
    help: ArgumentHelp("refuse a --plan older than this (default 1h)", valueName: "duration"))
  var planAge: DurationArgument?

  @Option(
    help: ArgumentHelp("print the equivalent policy; close nothing", valueName: "name"))
  var asPolicy: String?

  @OptionGroup(title: "Output") var output: OutputOptions<TextOrJSON>
  @OptionGroup(title: "Source") var source: SourceOptions

  var needs: Capabilities {
    guard asPolicy == nil else { return [] }
    let scan = Capabilities.scan(selection, on: source.source)
    guard !dryRun else { return scan }
    // A plan may name the method, and is not read yet.
    let destroys = (method.method ?? "destroy") == "destroy"
    return scan.union(
      destroys ? PrivilegedStep.closing.needs : PrivilegedStep.reachingOthersDescriptors.needs)
  }

  func validate() throws {
    try selection.checkNamespaces(source)
    try checkOptionsOfPolicy()
    if source.replay != nil, !dryRun {
      throw ValidationError("a recording has nothing to close: --replay requires --dry-run")
    }
    guard plan != nil else {
      if planAge != nil { throw ValidationError("--plan-age requires --plan") }
      return
    }
    if all || !selection.isOfStatesOnly {
      throw ValidationError(
        "--plan names the connections: omit selection options other than --state and --netns")
    }
    if source.replay != nil {
      throw ValidationError("--plan applies to this machine: omit --replay")
    }
  }

  func run() throws {
    if let asPolicy { return try printPolicy(named: asPolicy) }
    let limits = try pace.limits(from: .now)
    let watchdog = RunWatchdog.start(limits)
    defer { watchdog.disarm() }
    let work = try plan.map { try readPlan($0) } ?? select()
    let (system, plan) = (work.system, work.plan)
    let gaps = work.gaps
    for notice in gaps.notices { Standard.report("connreap: \(notice)\n") }
    let report = KillReport(
      plan: plan, output: output.style, isLive: system.isLive, listsAll: verbose)
    try guardOptions.settings().refuseIfTooLarge(plan)
    guard !dryRun, !plan.closings.isEmpty else {
      try report.printPlan(isDryRun: dryRun)
      try system.finish()
      if !dryRun, plan.needsPrivileges { try ClosingPermission(for: system).require(plan.steps) }
      return try gaps.check()
    }
    try ClosingPermission(for: system).require(plan.steps)
    var run = ClosingRun(
      plan, by: work.rules, naming: report.text.names, on: system, limits: limits)
    if !yes { try confirm(plan, report) }
    let directory = try StateAccess.open(option: stateDir)
    let trail = try AuditTrail(
      in: directory, AuditedRun(command: "kill", selection: CommandLineWords.following("kill")))
    watchdog.record(trail.record, in: directory.path)
    watchdog.beginActing()
    try trail.recordingRun {
      try run.carryOut(
        recording: trail,
        printing: { result in
          try report.printOutcomes(result, planWasShown: !yes)
          try system.finish()
        }, concluding: report.conclude)
      try gaps.check()
    }
  }

  /// Asks for confirmation.
  ///
  /// - Throws: unless the answer is yes.
  private func confirm(_ plan: Plan, _ report: KillReport) throws {
    guard Terminal.of(.standardInput, columns: nil).isTerminal else {
      let count = plan.closings.count
      throw CommandFailure(
        .refused,
        "refused: \(Count.text(count)) connection\(Count.plural(count)) would be \(plan.verb), but "
          + "standard input is not a terminal to confirm it; nothing was \(plan.verb)",
        remedy: "add --yes to skip the confirmation, or --dry-run to see the plan")
    }
    try report.printQuestion()
    switch Question.ask(plan.question, unless: { Interruption.receivedSignal }) {
    case .yes: break
    case .no: throw CommandFailure(.done, "nothing was \(plan.verb)")
    case .tooMuch:
      throw CommandFailure(
        .refused, "refused: more than one line was entered at once; nothing was \(plan.verb)",
        remedy: "answer with y and Enter only")
    case .interrupted(let number):
      throw CommandFailure(.afterSignal(number), "stopped by a signal; nothing was done")
    }
  }

  /// A plan, and the rules that decide again right before closing.
  private struct Work {
    let system: LiveSystem
    let plan: Plan
    /// Connections that could not be judged for lack of a capability.
    let gaps: JudgingGaps
    let rules: () throws -> any ClosingRules
  }

  /// Makes a plan from the selection.
  private func select() throws -> Work {
    let method = try method.chosen() ?? .destroy
    let selected = try selection.predicate(names: SystemNames())
    guard all || !selected.selectsEveryConnection else {
      throw CommandFailure(
        .usage,
        selection.isEmpty
          ? "kill without a selection would close every connection"
          : "kill with this selection would close every connection",
        remedy: "add a selection, such as --host 192.168.1.100 --port 80, or --all")
    }
    let (system, predicate) = try LiveSystem.prepared(
      source.source, selecting: selected.limitedToDefaultStates(), netns: selection.netns)
    let sessions = TunnelMemory()
    let makeGuards = { () throws(CommandFailure) -> Guards in
      try guardOptions.settings().guards(
        on: system, method, namedStates: predicate.explicitStates, remembering: sessions)
    }
    let snapshot = try system.scan(
      ScanRequest(
        predicate, reading: [.figures, .owners, .controlGroups, .listeners],
        past: predicate.needsHistory
          ? try RunHistory.past(option: stateDir, of: system) : .unknown))
    let plan = Plan(closing: snapshot, guardedBy: try makeGuards())
    let gaps = JudgingGaps(of: predicate, plan, on: system)
    return Work(system: system, plan: plan, gaps: gaps) {
      SelectionRules(predicate, guardedBy: try makeGuards())
    }
  }

  /// Makes a plan from the file at `path`.
  ///
  /// The file cannot lift a guard. Exceptions, such as for listeners, come from this command line.
  private func readPlan(_ path: String) throws -> Work {
    let limit =
      try planAge?.milliseconds(
        of: "--plan-age", in: 1...UInt64.max, otherwise: "must be more than 0s")
      ?? PlanFile.defaultAgeLimit
    let chosen = try method.chosen()
    let confirmed = try selection.predicate(names: SystemNames())
    let file = try PlanFile(path: path)
    try file.check(named: EscapedText.escaped(path), limit: limit)
    if let chosen, chosen.name != file.method.name {
      throw CommandFailure(
        .usage,
        "--method \(chosen.name) is not the method of the plan, which is \(file.method.name)",
        remedy: "omit --method and its options, or regenerate the plan")
    }
    let (system, _) = try LiveSystem.prepared(source.source, netns: selection.netns)
    let planned = try PlannedClosing(file, named: path, on: system)
    // Keepalive settings on the command line replace those of the plan.
    let agreed = self.method.givesTimes ? chosen ?? file.method : file.method
    let sessions = TunnelMemory()
    let makeGuards = { () throws(CommandFailure) -> Guards in
      try guardOptions.settings().guards(
        on: system, agreed, namedStates: confirmed.explicitStates, remembering: sessions)
    }
    let plan = try planned.plan(
      guardedBy: try makeGuards(), in: selection.state.isEmpty ? nil : confirmed.stateMask)
    let gaps = JudgingGaps(of: .everything, plan, on: system)
    return Work(system: system, plan: plan, gaps: gaps) {
      ChosenRules(guardedBy: try makeGuards())
    }
  }
}
