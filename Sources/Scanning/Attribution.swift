public import Connections
public import ProcessTable
public import Selection

/// The known holders of a connection, or why there are none.
public enum Attribution: Sendable {
  /// Processes hold descriptors of it.
  case held(ArraySlice<Holding>)
  /// It waits in the accept queue of one of these listeners; `holdings` are those of the listeners.
  case inAcceptQueue(listeners: [Connection], holdings: [Holding])
  /// A kernel record without an owner, in TIME_WAIT or SYN_RECV.
  case minisocket
  /// The program has closed it, and the kernel is finishing it.
  case orphan
  /// No readable process holds it; others may.
  case unknown
  /// Owners were not requested.
  case notRead
}

/// The owners of one connection, for the evaluation of terms.
///
/// A process with unreadable descriptors may hold any connection. It makes a term unknown only if
/// the process itself could match. A process that `/proc` does not show may match any term.
public struct ConnectionOwners: OwnerFacts {
  let holdings: ArraySlice<Holding>
  let table: OwnerTable
  /// Whether the connection may wait in the accept queue of several listeners.
  let isAmbiguous: Bool
  /// The processes with unreadable descriptors, which may hold the connection too.
  let unreadable: [OwnerProcess]
  /// Whether the table has every owner that the selection of the scan asks for, so that a
  /// connection without an owner in it does not match.
  let isConclusive: Bool
  /// Whether owners that the table omits cannot change a decision.
  let omitsOnlyIrrelevant: Bool
  /// The cgroup in which the socket was created; nil if an owner is known.
  public let origin: ControlGroup?

  /// Whether any owner matches; see ``OwnerFacts``.
  public func anyOwner(_ matches: (OwnerProcess) -> Verdict) -> Verdict {
    guard isConclusive || !holdings.isEmpty else { return .unknown }
    var verdict = Verdict.no
    var last: UInt32?
    for holding in holdings where holding.process != last {
      last = holding.process
      verdict = verdict.or(matches(table.processes[Int(holding.process)]))
      if verdict == .yes { return .yes }
    }
    if isAmbiguous || table.isPruned && !isConclusive && !omitsOnlyIrrelevant
      || !table.limits.isEmpty
    {
      return verdict.or(.unknown)
    }
    // An unreadable process that matches may or may not hold the connection.
    for process in unreadable where matches(process) != .no { return .unknown }
    return verdict
  }
}
