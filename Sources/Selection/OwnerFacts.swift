public import Connections

/// The known facts about the owners of one socket.
public protocol OwnerFacts {
  /// Whether any owner matches.
  ///
  /// - Returns: `yes` if a known owner matches. `no` only if all owners are known, there is
  ///   at least one, and none can match. Otherwise `unknown`.
  func anyOwner(_ matches: (OwnerProcess) -> Verdict) -> Verdict

  /// The cgroup in which the socket was created; nil if an owner is known.
  var origin: ControlGroup? { get }
}

extension OwnerFacts {
  /// Defaults to unknown.
  public var origin: ControlGroup? { nil }
}

/// A list of owners of one socket, which may be incomplete.
public struct OwnerList<Processes: Sequence>: OwnerFacts where Processes.Element == OwnerProcess {
  private let processes: Processes
  private let isComplete: Bool

  /// The known owners.
  ///
  /// - Parameter isComplete: whether there are no other owners. An empty list never counts as
  ///   complete, because an owner may have been missed.
  public init(_ processes: Processes, isComplete: Bool) {
    self.processes = processes
    self.isComplete = isComplete
  }

  /// Whether any owner matches.
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

/// The absence of facts about owners, because they have not been read.
public struct UnknownOwners: OwnerFacts, Sendable {
  /// Unknown owners of any socket.
  public init() {}

  /// Always unknown.
  public func anyOwner(_ matches: (OwnerProcess) -> Verdict) -> Verdict { .unknown }
}
