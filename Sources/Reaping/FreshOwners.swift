import Connections
import ProcessTable
import Scanning
import SocketDiagnostics

/// The owners of the connections of a run, reread at least every second.
///
/// They are read before the first closing, before each closing that the rate delays, and when the
/// last reading is a second old.
struct FreshOwners {
  private let plan: Plan
  private let closings: [Plan.Step]
  private let makeRules: () throws -> any ClosingRules
  private let lookup: any OwnerLookup

  /// The owners as last read.
  private(set) var snapshot: Snapshot
  private var rules: (made: any ClosingRules, at: Duration)?
  /// The number of readings.
  private(set) var readings = 0
  /// Why every connection is spared from now on: its owners can no longer be read.
  private var failure: SpareReason?
  /// The indexes of the closings whose owners are in `snapshot`.
  private var covered = 0..<0
  private var lastReading: (start: Duration, end: Duration)?
  /// The owners of earlier closings, as they were when those were decided.
  private var collected = CollectedOwners()
  private var collectedCount = 0

  /// The maximum age of owners when a closing is decided.
  static let interval = Duration.seconds(1)
  /// The minimum time for which a reading is used, even if it took as long as ``interval``.
  static let leastUse = Duration.milliseconds(100)
  /// The number of closings for which owners are read together: more than happen in a second.
  static let coveredTogether = 65_536
  /// With at most this many open files on the machine, every process is read, which takes
  /// milliseconds.
  static let walkLimit = 16_384
  /// The limit for a reading before a single closing.
  static let walkLimitForOne = 4_096

  init(_ plan: Plan, closings: [Plan.Step], _ supervisor: ClosingSupervisor) {
    self.plan = plan
    self.closings = closings
    makeRules = supervisor.rules
    lookup = supervisor.owners
    snapshot = plan.snapshot
  }

  /// Reads the owners again before the closing at `index`, if due.
  ///
  /// - Parameter stillListed: returns the given inodes that the kernel still lists.
  mutating func readAgain(
    before index: Int, _ pace: ClosingPace, stillListed: @escaping ([UInt32]) -> [UInt32]
  ) {
    guard failure == nil else { return }
    let start = pace.elapsed()
    guard let rules = rules(at: start), plan.snapshot.owners != nil else { return }
    let isAlone = pace.isPaced(closings[index])
    guard isAlone || !covered.contains(index) || isDue(at: start) else { return }
    let rest = closings[index...].prefix(Self.coveredTogether)
    let end = isAlone ? index + 1 : rest.firstIndex(where: pace.isPaced) ?? rest.endIndex
    let scope = index..<end
    let known =
      covered.contains(index) && scope.upperBound <= covered.upperBound ? snapshot : plan.snapshot
    collect(upTo: index)
    let inodes = closings[scope].lazy.map { $0.connection.inode }.filter { $0 != 0 }
    let refresh = OwnerRefresh(
      of: Array(inodes), in: known, concerning: { rules.mayAffect($0) },
      knowing: rules.relevantDetails,
      walkLimit: isAlone ? Self.walkLimitForOne : Self.walkLimit, stillListed: stillListed)
    do {
      snapshot = refresh.inodes.isEmpty ? known : try lookup.rereadOwners(refresh)
      readings += 1
      covered = scope
      lastReading = (start, pace.elapsed())
      failure = snapshot.lossOfSight(since: plan.snapshot)
    } catch {
      failure = .ownersUnreadable("\(error)")
    }
  }

  /// The rules, remade if too old; nil if that failed.
  private mutating func rules(at now: Duration) -> (any ClosingRules)? {
    if let rules, now < rules.at + Self.interval { return rules.made }
    do {
      let made = try makeRules()
      rules = (made, now)
      return made
    } catch {
      failure = .ownersUnreadable("\(error)")
      return nil
    }
  }

  private func isDue(at now: Duration) -> Bool {
    guard let lastReading else { return true }
    return now >= max(lastReading.start + Self.interval, lastReading.end + Self.leastUse)
  }

  /// The details of a connection that ``reasonToSpare(_:now:)`` needs.
  var detailsToJudge: DumpRequest.Details { rules?.made.needsFigures == false ? [] : .figures }

  /// Why the connection of `step`, now in state `now`, must not be closed; nil if it may.
  func reasonToSpare(_ step: Plan.Step, now: Connection) -> SpareReason? {
    if let failure { return failure }
    if let owners = snapshot.owners, owners.holdings(of: now.inode).isEmpty,
      let earlier = plan.snapshot.holders(of: step.connection).first
    {
      return .ownerLost(earlier.label)
    }
    guard let rules = rules?.made else { return .ownerUnknown }
    let reason = rules.reasonToSpare(step, now: now, in: snapshot)
    switch reason {
    case .changed:
      let owner = snapshot.holders(of: now).first
      guard let owner, owner.identity != plan.snapshot.holders(of: step.connection).first?.identity
      else { return reason }
      return .ownerChanged(owner.label)
    case .protectedByPolicy(let protection, nil):
      return .protectedByPolicy(protection, snapshot.holders(of: now).first?.label)
    default: return reason
    }
  }

  /// The owners of every connection of the plan, as they were when it was closed or spared.
  ///
  /// - Parameter count: the number of closings that were done or spared.
  mutating func finish(after count: Int) -> Snapshot {
    guard let owners = snapshot.owners else { return plan.snapshot }
    guard collectedCount > 0 || covered != closings.indices || plan.steps.count > closings.count
    else { return snapshot }
    collect(upTo: count)
    for (index, step) in closings.enumerated().dropFirst(count) {
      let table = covered.contains(index) ? owners : plan.snapshot.owners ?? owners
      collected.add(CollectionOfOne(step.connection.inode), from: table)
    }
    if let owners = plan.snapshot.owners {
      for step in plan.steps where step.decision != .close {
        collected.add(plan.snapshot.inodesOfOwners(of: step.connection), from: owners)
      }
    }
    return plan.snapshot.replacing(owners: collected.table)
  }

  /// Keeps the owners by which the closings before `index` were decided.
  private mutating func collect(upTo index: Int) {
    guard collectedCount < index, let owners = snapshot.owners else { return }
    collected.add(closings[collectedCount..<index].lazy.map { $0.connection.inode }, from: owners)
    collectedCount = index
  }
}

extension Snapshot {
  /// Why the owners are incomplete: a process that was readable for `earlier` no longer is.
  fileprivate func lossOfSight(since earlier: Snapshot) -> SpareReason? {
    guard let owners, let before = earlier.owners else { return nil }
    guard let gap = owners.gaps.first(where: { before.gaps.isEmpty || !$0.isRefused })
    else { return nil }
    return .ownersUnreadable("process \(gap.pid): \(gap.error)")
  }

  /// The inodes whose owners determine the attribution of `connection`.
  fileprivate func inodesOfOwners(of connection: Connection) -> [UInt32] {
    if connection.inode != 0 { return [connection.inode] }
    return listeners(for: connection).map(\.inode)
  }
}
