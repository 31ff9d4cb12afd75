public import Connections
public import Selection

/// The connections that policies are evaluated on, with what is known about their owners.
///
/// Rows are numbered from 0. Unknown facts must be reported as unknown: a list of owners must not
/// claim to be complete if an owner could not be read.
public protocol EvaluatedConnections {
  /// What is known about the owners of one connection.
  associatedtype Owners: OwnerFacts
  /// The known owners.
  associatedtype KnownOwners: Sequence where KnownOwners.Element == OwnerProcess

  /// The number of rows.
  var count: Int { get }
  /// The connection.
  func connection(at index: Int) -> Connection
  /// The owners, for the terms of a selection.
  func owners(at index: Int) -> Owners
  /// The known owners, in any order; the listener's owners for a connection in an accept queue.
  func knownOwners(at index: Int) -> KnownOwners
  /// The cgroup of the connection; nil if unknown.
  func controlGroup(at index: Int) -> ControlGroup?
  /// What earlier runs recorded about the connection; nil if nothing.
  func past(at index: Int) -> ConnectionPast?
}
