public import Connections

/// Which processes a search reads. It does not read the descriptors of the others.
///
/// Leaving out a process means that it cannot be a wanted owner. So a process with an unknown user
/// is kept. A predicate must handle unknown facts itself.
public struct ProcessPruning: Sendable {
  /// No pruning: all processes are read.
  public static let everyProcess = ProcessPruning()

  private let members: Members?
  private let predicate: (@Sendable (OwnerProcess) -> Bool)?
  /// What to read about a process before admitting it.
  let details: OwnerDetails

  /// Admits processes with one of `pids` and one of `userIDs` as their real user, for which
  /// `predicate` is true. A nil condition is not checked.
  ///
  /// - Parameters:
  ///   - details: what `predicate` needs to know about a process besides its name.
  ///   - predicate: called on several threads at once. Facts that could not be read are nil.
  public init(
    pids: Set<Int32>? = nil, userIDs: Set<UInt32>? = nil, knowing details: OwnerDetails = .facts,
    where predicate: (@Sendable (OwnerProcess) -> Bool)? = nil
  ) {
    members = pids == nil && userIDs == nil ? nil : Members(pids: pids, userIDs: userIDs)
    self.predicate = predicate
    self.details = predicate == nil ? .user : details
  }

  /// The listed pids and users. It is a class because the runtime scans all types for the element
  /// type before it first copies an optional set.
  private final class Members: Sendable {
    let pids: Set<Int32>?
    let userIDs: Set<UInt32>?

    init(pids: Set<Int32>?, userIDs: Set<UInt32>?) {
      self.pids = pids
      self.userIDs = userIDs
    }
  }

  /// Whether all processes are read.
  public var keepsEveryProcess: Bool { members?.pids == nil && !needsFacts }

  /// Whether a decision needs more than the pid.
  var needsFacts: Bool { members?.userIDs != nil || predicate != nil }

  func admits(pid: Int32) -> Bool { members?.pids?.contains(pid) ?? true }

  func admits(_ process: OwnerProcess) -> Bool {
    if let userIDs = members?.userIDs, let userID = process.userID, !userIDs.contains(userID) {
      return false
    }
    return predicate?(process) ?? true
  }
}
