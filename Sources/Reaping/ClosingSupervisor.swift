public import Scanning

/// Supervises a run of closings: when each may be done, what is announced, who the owners are at
/// that moment, and which rules decide.
public struct ClosingSupervisor {
  let rules: () throws -> any ClosingRules
  let owners: any OwnerLookup
  var pace: ClosingPace
  let announcing: (ArraySlice<Plan.Step>, Snapshot, Int) -> StopReason?

  /// - Parameters:
  ///   - rules: makes the rules that decide about each connection right before it is closed. They
  ///     are made again when they are a second old: a guard may depend on what processes do. If
  ///     that fails, every connection is spared from then on.
  ///   - owners: reads the owners again during the run.
  ///   - pace: makes a closing wait, and stops the run.
  ///   - announcing: called for each group before any of it is closed, with the owners as they were
  ///     last read and the number of that reading, which is 0 for the plan's own owners. If it returns a reason to stop, no connection of the group is touched, nor any
  ///     after it.
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
}

/// Reads again who holds connections of a snapshot.
public protocol OwnerLookup {
  /// The snapshot of `refresh` with the owners that its sockets have now.
  func findOwnersAgain(_ refresh: OwnerRefresh) throws(ScanProblem) -> Snapshot
}

extension Scanner: OwnerLookup {}
