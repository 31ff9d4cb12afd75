import Connections
import Glibc
package import Operations
package import Presentation
import Privileges
package import Reaping
import Rendering
import Reports
import Scanning
package import Selection

/// The work that the live view does on other threads: scans, plans and closing, with the same code
/// as `list` and `kill`.
package struct TopWork: Sendable {
  /// The selection of the command line.
  package let selection: SelectionPredicate
  /// The values of `--netns`.
  package let namespaces: [String]
  package let guarding: GuardSettings
  package let stateFolder: String?
  package let names: SystemNumbers
  /// When the view started.
  package let start: ContinuousClock.Instant
  private let owners = RecentOwners()

  package init(
    selection: SelectionPredicate, namespaces: [String], guarding: GuardSettings,
    stateFolder: String?, names: SystemNumbers, start: ContinuousClock.Instant
  ) {
    self.selection = selection
    self.namespaces = namespaces
    self.guarding = guarding
    self.stateFolder = stateFolder
    self.names = names
    self.start = start
  }

  /// Scans for connections that match both the command line's selection and the filter.
  package func scan(
    _ filter: (text: String, predicate: SelectionPredicate?)
  ) throws(CommandFailure) -> TopScan {
    let begin = ContinuousClock.now
    let predicate = combined(filter.predicate)
    guard predicate.namespaces.isEmpty else {
      throw CommandFailure(
        .usage, "netns: the filter of top cannot name network namespaces",
        remedy: "start top with --netns")
    }
    let system = try system(for: predicate)
    var notices = system.namespaces.notices
    let past =
      predicate.needsHistory
      ? try RunHistory.past(option: stateFolder, of: system) { notices.append($0) } : .unknown
    let snapshot = try scan(
      ScanRequest(
        predicate, reading: [.figures, .commands, .controlGroups, .congestion, .listeners],
        past: past), on: system, at: begin)
    return TopScan(
      snapshot: snapshot,
      text: ConnectionText(snapshot: snapshot, names: names, commands: .ofCaller),
      filter: filter.text, start: start.duration(to: begin),
      length: begin.duration(to: .now), clock: Timestamp.localTimeOfDay,
      notices: notices)
  }

  private func scan(
    _ request: ScanRequest, on system: LiveSystem, at time: ContinuousClock.Instant
  ) throws(CommandFailure) -> Snapshot {
    guard request.selectsWithoutOwners, let known = owners.known(at: time) else {
      let snapshot = try system.scan(request)
      owners.remember(snapshot, at: time)
      return snapshot
    }
    let (snapshot, hasReadOwners) = try system.scan(request, knowing: known)
    if hasReadOwners { owners.remember(snapshot, at: time) }
    return snapshot
  }

  /// Parses a filter and resolves its names, including host names.
  package func lookUp(_ text: String) -> Result<SelectionPredicate, FilterProblem> {
    Result { () throws(FilterProblem) in try SelectionFilter.parse(text, names: SystemNames()) }
  }

  /// Plans the closing of the chosen connections that still exist and that no guard spares. A plan
  /// above `--max` is not refused here: the view asks for its number.
  package func plan(
    _ chosen: [PlanFile.Planned], filter: SelectionPredicate?
  ) throws(CommandFailure) -> Plan {
    let system = try system(for: .everything)
    let guards = try guards(on: system, filter: filter, remembering: TunnelMemory())
    let plan = try PlannedClosing(chosen, on: system).plan(guardedBy: guards)
    if plan.needsPrivileges { try ClosingPermission(for: system).require(plan.steps) }
    return plan
  }

  /// Carries out `plan`, and writes the audit log.
  ///
  /// - Parameter filter: the filter at the time of the plan.
  package func close(
    _ plan: Plan, filter: (text: String, predicate: SelectionPredicate?)
  ) -> TopOutcomes {
    var text = ConnectionText(snapshot: plan.snapshot, names: names)
    var outcomes: [Outcome] = []
    var reactions: [OwnerReaction] = []
    do {
      let trail = try AuditTrail(
        in: try StateAccess.open(option: stateFolder),
        AuditedRun(
          command: "top",
          selection: "marked by hand" + (filter.text.isEmpty ? "" : ", filter " + filter.text)))
      let system = try system(for: .everything)
      let sessions = TunnelMemory()
      var run = ClosingRun(
        plan,
        by: {
          ChosenRules(
            guardedBy: try guards(on: system, filter: filter.predicate, remembering: sessions))
        },
        naming: names, on: system, limits: ClosingLimits(start: .now))
      try trail.recordingRun {
        try run.carryOut(
          recording: trail,
          printing: {
            outcomes = $0.outcomes
            text = ConnectionText(snapshot: $0.snapshot, names: names)
          }, concluding: { reactions = $1 })
      }
      return TopOutcomes(outcomes: outcomes, reactions: reactions, text: text, failure: nil)
    } catch let failure as CommandFailure {
      return TopOutcomes(
        outcomes: outcomes, reactions: reactions, text: text, failure: failure)
    } catch {
      return TopOutcomes(
        outcomes: outcomes, reactions: reactions, text: text,
        failure: CommandFailure(.failed, "\(error)"))
    }
  }

  private func guards(
    on system: LiveSystem, filter: SelectionPredicate?, remembering sessions: TunnelMemory
  ) throws(CommandFailure) -> Guards {
    try guarding.guards(
      on: system, .destroy, namedStates: combined(filter).explicitStates,
      remembering: sessions)
  }

  private func combined(_ filter: SelectionPredicate?) -> SelectionPredicate {
    (filter.map { .all([selection, $0]) } ?? selection).limitedToDefaultStates()
  }

  /// The machine as it is now, since namespaces may have changed.
  private func system(for predicate: SelectionPredicate) throws(CommandFailure) -> LiveSystem {
    var (system, _) = try LiveSystem.prepared(
      .kernel(), selecting: predicate, netns: namespaces)
    system.showsProgress = false
    return system
  }
}
