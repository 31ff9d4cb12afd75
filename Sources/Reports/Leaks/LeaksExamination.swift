package import Connections
package import Operations
package import Presentation
import Privileges
import ProcessTable
import Rendering
package import Scanning
package import Selection

/// Searches a system for leaks.
package struct LeaksExamination {
  package let system: LiveSystem
  package let predicate: SelectionPredicate
  package let rule: LeakRule
  package let grouping: Grouping
  /// The memory of earlier runs; nil if unknown.
  package let memories: [UInt16: RunMemory]?
  /// The inodes of the network namespaces that `--netns` names; nil without it.
  private var namespaces: Set<UInt64>?

  package init(
    system: LiveSystem, predicate: SelectionPredicate, rule: LeakRule, grouping: Grouping,
    memories: [UInt16: RunMemory]?
  ) {
    self.system = system
    self.predicate = predicate
    self.rule = rule
    self.grouping = grouping
    self.memories = memories
  }

  /// Opens `source` and its network namespaces: all that may be entered, unless `netns` names some.
  ///
  /// - Parameters:
  ///   - netns: the values of `--netns`.
  ///   - stateDir: the value of `--state-dir`.
  package static func prepared(
    _ source: SystemSource, selecting predicate: SelectionPredicate, netns: [String],
    stateDir: String?, rule: LeakRule, by grouping: Grouping
  ) throws(CommandFailure) -> LeaksExamination {
    let isKernel = if case .kernel(recordingTo: nil) = source { true } else { false }
    let (system, predicate) = try LiveSystem.prepared(
      source, selecting: predicate, netns: netns.isEmpty && isKernel ? ["all"] : netns)
    var examined = LeaksExamination(
      system: system, predicate: predicate, rule: rule, grouping: grouping,
      memories: try memories(option: stateDir, of: system, for: predicate))
    if !netns.isEmpty {
      examined.namespaces = Set(
        system.namespaces.sources.compactMap { system.inode(of: $0.namespace) })
    }
    return examined
  }

  /// What earlier runs recorded; nil if unknown. Only a selection by age needs it, so for another a
  /// failure is reported, and the growth follows from the ages alone.
  private static func memories(
    option: String?, of system: LiveSystem, for predicate: SelectionPredicate
  ) throws(CommandFailure) -> [UInt16: RunMemory]? {
    guard system.isLive else { return nil }
    do {
      return try RunHistory.read(option: option, of: system)
    } catch {
      guard !predicate.needsHistory else { throw error }
      Standard.report(error.text)
      return nil
    }
  }

  /// Looks for leaks: once, or a second time after `interval` to measure their growth.
  package func report(after interval: Duration? = nil) throws(CommandFailure) -> LeaksReport {
    let clock = ContinuousClock()
    var (snapshot, search) = try look(forDead: interval == nil)
    if let interval {
      let (first, start) = (search, clock.now)
      while clock.now - start < interval, Interruption.reason == nil {
        Pause.sleep(min(.milliseconds(200), interval - (clock.now - start)))
      }
      (snapshot, search) = try look(forDead: true)
      search.measureGrowth(
        since: first, after: UInt64((clock.now - start) / .milliseconds(1)))
    }
    let processes = system.processes
    search.readDescriptors { DescriptorRoom(of: $0, processes) }
    return LeaksReport(search: search, snapshot: snapshot)
  }

  /// What the report leaves out, and why.
  package func notices(about report: LeaksReport) -> [String] {
    var notices = ListSummary(snapshot: report.snapshot, shown: 0).warnings
    let (unknown, undecided) = (report.search.leakedByUnknown, report.search.undecided)
    if unknown > 0 {
      notices.append(
        "\(Count.text(unknown)) leaked connection\(Count.plural(unknown)) of unknown processes "
          + "left out")
    }
    if undecided > 0 {
      notices.append(
        "\(Count.text(undecided)) connection\(Count.plural(undecided)) could not be judged: idle "
          + "time or time in CLOSE-WAIT unknown")
    }
    return notices + system.namespaces.notices
  }

  /// The connections and the leaks among them.
  ///
  /// - Parameter searchesDead: whether to search for dead descriptors too.
  package func look(
    forDead searchesDead: Bool
  ) throws(CommandFailure) -> (snapshot: Snapshot, search: LeakSearch) {
    let owners: ScanRequest.Details = system.knowsOwners ? [.owners, .controlGroups] : []
    let past = PastConnections(of: memories ?? [:], at: system.moment.uptime ?? 0)
    let snapshot = try system.scan(
      ScanRequest(
        .all([.term(.states(.shownByDefault)), predicate]),
        reading: owners.union([.figures, .listeners]), past: past))
    let dead = searchesDead ? try self.dead(besides: snapshot) : nil
    let search = LeakSearch(
      in: snapshot, by: grouping, rule: rule, dead: dead,
      memory: memories.map { RunMemory(merging: $0) })
    return (snapshot, search)
  }

  /// The dead descriptors of the processes that the selection selects; nil if unknown.
  ///
  /// They have no addresses and no state, so a selection by anything but owners leaves them unknown.
  private func dead(besides snapshot: Snapshot) throws(CommandFailure) -> DeadDescriptors? {
    guard predicate.concernsOnlyOwners else { return nil }
    var listed = Set<UInt32>(minimumCapacity: snapshot.connections.count)
    for connection in snapshot.connections { listed.insert(connection.inode) }
    for listener in snapshot.listeners { listed.insert(listener.inode) }
    if !predicate.selectsEverything {
      let all = try system.scan(ScanRequest(.everything, reading: []))
      for connection in all.connections { listed.insert(connection.inode) }
    }
    return DeadDescriptors(
      on: system, besides: listed, reading: predicate.needsCommands ? .all : .facts
    ) { process in
      predicate.verdict(ofOwner: process) == .yes && isInside(process)
    }
  }

  /// Whether `process` is in one of the named namespaces. A dead socket is listed in none.
  private func isInside(_ process: OwnerProcess) -> Bool {
    guard let namespaces else { return true }
    let own = try? system.processes.networkNamespace(of: process.pid)
    return own.map { namespaces.contains($0) } ?? false
  }
}
