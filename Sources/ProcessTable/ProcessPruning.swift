public import Connections

/// Which processes are looked at; the descriptors of the others are not read.
///
/// To leave a process out is to say that it cannot be the owner looked for, so one whose user is
/// unknown is kept; what a predicate makes of unknown facts is its own affair.
public struct ProcessPruning: Sendable {
  /// All are looked at.
  public static let everyProcess = ProcessPruning()

  private let members: Members?
  private let predicate: (@Sendable (OwnerProcess) -> Bool)?
  /// What is read of a process before it is admitted.
  let details: OwnerDetails

  /// Only processes that have one of `pids`, one of `userIDs` as their real user, and for which
  /// `predicate` is true; what is nil is not asked.
  ///
  /// - Parameters:
  ///   - details: what `predicate` has to know of a process beside its name.
  ///   - predicate: called on several threads at once. Facts that could not be read are nil.
  public init(
    pids: Set<Int32>? = nil, userIDs: Set<UInt32>? = nil, knowing details: OwnerDetails = .all,
    where predicate: (@Sendable (OwnerProcess) -> Bool)? = nil
  ) {
    members = pids == nil && userIDs == nil ? nil : Members(pids: pids, userIDs: userIDs)
    self.predicate = predicate
    self.details = predicate == nil ? .user : details
  }

  /// The processes that are named. A class: before the first copy of a set that is optional, the runtime
  /// looks through all types for what its elements are.
  private final class Members: Sendable {
    let pids: Set<Int32>?
    let userIDs: Set<UInt32>?

    init(pids: Set<Int32>?, userIDs: Set<UInt32>?) {
      self.pids = pids
      self.userIDs = userIDs
    }
  }

  /// Whether all processes are looked at.
  public var keepsEveryProcess: Bool { members?.pids == nil && !needsFacts }

  /// Whether more than the pid must be known of a process.
  var needsFacts: Bool { members?.userIDs != nil || predicate != nil }

  func admits(pid: Int32) -> Bool { members?.pids?.contains(pid) ?? true }

  func admits(_ process: OwnerProcess) -> Bool {
    if let userIDs = members?.userIDs, let userID = process.userID, !userIDs.contains(userID) {
      return false
    }
    return predicate?(process) ?? true
  }
}
