public import Connections
public import ProcessTable
public import Selection

/// Who has a connection, as far as that can be known.
public enum Attribution: Sendable {
  /// Processes hold descriptors of it.
  case held(ArraySlice<Holding>)
  /// It waits in the accept queue of one of these listeners; `holdings` are those of the listeners.
  case inAcceptQueue(listeners: [Connection], holdings: [Holding])
  /// TIME_WAIT or SYN_RECV: the kernel's record, which nobody holds.
  case minisocket
  /// Its program has closed it, and the kernel finishes it.
  case orphan
  /// No process that could be read holds it. That does not mean that none does.
  case unknown
  /// Owners were not asked for.
  case notRead
}

/// The owners of one connection, for the terms that ask about them.
///
/// A process whose descriptors cannot be read might hold any connection beside the owners that are
/// known. It leaves a term undecided only if it would match itself. A process that `/proc` does not
/// show might match any term.
public struct ConnectionOwners: OwnerFacts {
  let holdings: ArraySlice<Holding>
  let table: OwnerTable
  /// Whether more than one listener may be the one whose queue a connection waits in.
  let isAmbiguous: Bool
  /// The processes that may hold it too, since their descriptors could not be read.
  let unreadable: [OwnerProcess]
  /// Whether a process that the table leaves out is none that is asked for.
  let isAnswer: Bool
  /// Whether a process that the table omits cannot change a verdict that matters.
  let omitsNoneOfConcern: Bool
  /// The cgroup in which the socket was made; nil where an owner is known.
  public let origin: ControlGroup?

  /// Whether an owner is one that `matches`; see ``OwnerFacts``.
  public func anyOwner(_ matches: (OwnerProcess) -> Verdict) -> Verdict {
    guard isAnswer || !holdings.isEmpty else { return .unknown }
    var verdict = Verdict.no
    var last: UInt32?
    for holding in holdings where holding.process != last {
      last = holding.process
      verdict = verdict.or(matches(table.processes[Int(holding.process)]))
      if verdict == .yes { return .yes }
    }
    if isAmbiguous || table.isPruned && !isAnswer && !omitsNoneOfConcern || !table.limits.isEmpty {
      return verdict.or(.unknown)
    }
    // One that matches may hold the connection or not; one that does not match changes nothing.
    for process in unreadable where matches(process) != .no { return .unknown }
    return verdict
  }
}
