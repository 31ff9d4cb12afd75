public import Scanning

/// Supervises a run of closings: when each may be done, what is announced, who the owners are at
/// that moment, which rules decide, and why the run stops.
public struct ClosingSupervisor {
  let rules: () throws -> any ClosingRules
  let owners: any OwnerLookup
  private(set) var pace: ClosingPace
  private let announcing: (ArraySlice<Plan.Step>, Snapshot, Int) -> StopReason?
  /// Why the run stopped; nil while it goes on.
  private(set) var stopReason: StopReason?

  /// - Parameters:
  ///   - rules: makes the rules that decide about each connection right before it is closed. They
  ///     are made again when they are a second old: a guard may depend on what processes do. If
  ///     that fails, every connection is spared from then on.
  ///   - owners: reads the owners again during the run.
  ///   - pace: makes a closing wait, and stops the run.
  ///   - announcing: called for each group before any of it is closed, with the owners as they were
  ///     last read and the number of that reading, which is 0 for the plan's own owners. If it
  ///     returns a reason to stop, neither the group nor any later connection is touched.
  public init(
    rules: @escaping () throws -> any ClosingRules, owners: any OwnerLookup, pace: ClosingPace,
    announcing: @escaping (ArraySlice<Plan.Step>, Snapshot, Int) -> StopReason? = { _, _, _ in
      nil
    }
  ) {
    self.rules = rules
    self.owners = owners
    self.pace = pace
    self.announcing = announcing
  }

  /// Waits until `step` may be done.
  ///
  /// - Returns: whether it may; otherwise the run has stopped.
  mutating func mayClose(_ step: Plan.Step) -> Bool {
    stopReason = stopReason ?? pace.reasonToStop(before: step)
    return stopReason == nil
  }

  /// Announces `group`, whose owners were read from the time `start` on.
  ///
  /// - Returns: whether it may be closed; otherwise the run has stopped.
  mutating func announce(
    _ group: ArraySlice<Plan.Step>, _ owners: FreshOwners, readSince start: Duration
  ) -> Bool {
    // A reading can take long on a large machine, and the run may have to end meanwhile.
    if let first = group.first, pace.elapsed() - start > ClosingPace.longestSleep {
      stopReason = pace.reasonToStop(now: first)
    }
    stopReason = stopReason ?? announcing(group, owners.snapshot, owners.readings)
    return stopReason == nil
  }
}

/// Reads again who holds connections of a snapshot.
public protocol OwnerLookup {
  /// The snapshot of `refresh` with the owners that its sockets have now.
  func rereadOwners(_ refresh: OwnerRefresh) throws(ScanProblem) -> Snapshot
}

extension Scanner: OwnerLookup {}
