public import Connections
public import Selection

/// The connections that policies are held against, with what is known of their owners.
///
/// Rows are named by their index, from 0. What cannot be told must be said so by the owners' facts:
/// an owner that could not be read is never left out of a list that is called complete.
public protocol EvaluatedConnections {
  /// What is known of the owners of one connection.
  associatedtype Owners: OwnerFacts
  /// The owners that are known.
  associatedtype KnownOwners: Sequence where KnownOwners.Element == OwnerProcess

  /// How many there are.
  var count: Int { get }
  /// What the kernel said of the connection.
  func connection(at index: Int) -> Connection
  /// What terms about owners are decided by.
  func owners(at index: Int) -> Owners
  /// The owners that are known, in any order; for a connection in the accept queue of a listener,
  /// the listener's.
  func knownOwners(at index: Int) -> KnownOwners
  /// The cgroup of the connection; nil when unknown.
  func controlGroup(at index: Int) -> ControlGroup?
  /// What earlier runs know of the connection; nil when that is nothing.
  func past(at index: Int) -> ConnectionPast?
}
