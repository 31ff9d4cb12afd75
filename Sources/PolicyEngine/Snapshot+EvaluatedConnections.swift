public import Connections
public import Scanning

extension Snapshot: EvaluatedConnections {
  /// The number of connections.
  public var count: Int { connections.count }

  /// The connection.
  public func connection(at index: Int) -> Connection { connections[index] }

  /// The owners, for the terms of a selection.
  public func owners(at index: Int) -> ConnectionOwners { ownerFacts(of: connections[index]) }

  /// The known owners; the listener's owners for a connection in an accept queue.
  public func knownOwners(at index: Int) -> [OwnerProcess] {
    guard case .inAcceptQueue(let listeners, _) = attribution(of: connections[index]) else {
      return holders(of: connections[index])
    }
    return listeners.flatMap(holders)
  }

  /// The cgroup of the connection; nil if unknown.
  public func controlGroup(at index: Int) -> ControlGroup? { controlGroup(of: connections[index]) }

  /// What earlier runs recorded about the connection.
  public func past(at index: Int) -> ConnectionPast? { past(of: connections[index]) }
}
