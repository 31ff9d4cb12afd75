public import Connections

/// What is known of the processes that hold one socket.
public protocol OwnerFacts {
  /// Whether an owner is one that `matches`.
  ///
  /// - Returns: `yes` if an owner that is known matches. `no` only if the owners are known
  ///   completely, there is one, and of each it is known that it does not match. Else `unknown`.
  func anyOwner(_ matches: (OwnerProcess) -> Verdict) -> Verdict

  /// The cgroup in which the socket was made; nil unless no owner is known.
  var origin: ControlGroup? { get }
}

extension OwnerFacts {
  /// Not known.
  public var origin: ControlGroup? { nil }
}

/// The owners of one socket as a list, and whether it holds all of them.
public struct OwnerList<Processes: Sequence>: OwnerFacts where Processes.Element == OwnerProcess {
  private let processes: Processes
  private let isComplete: Bool

  /// The owners that are known.
  ///
  /// - Parameter isComplete: whether there is no other one. An empty list is never taken as
  ///   complete: that no owner was found does not mean that there is none.
  public init(_ processes: Processes, isComplete: Bool) {
    self.processes = processes
    self.isComplete = isComplete
  }

  /// Whether an owner is one that `matches`.
  public func anyOwner(_ matches: (OwnerProcess) -> Verdict) -> Verdict {
    var verdict = Verdict.no
    var isEmpty = true
    for process in processes {
      isEmpty = false
      verdict = verdict.or(matches(process))
      if verdict == .yes { return .yes }
    }
    return isComplete && !isEmpty ? verdict : .unknown
  }
}

extension OwnerList: Sendable where Processes: Sendable {}

/// Nothing is known of the owners: they were not read, or not yet.
public struct OwnersUnknown: OwnerFacts, Sendable {
  /// Of any socket.
  public init() {}

  /// Always unknown.
  public func anyOwner(_ matches: (OwnerProcess) -> Verdict) -> Verdict { .unknown }
}
