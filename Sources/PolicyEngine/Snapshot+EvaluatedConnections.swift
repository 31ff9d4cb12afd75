public import Connections
public import Scanning

extension Snapshot: EvaluatedConnections {
  /// How many connections there are.
  public var count: Int { connections.count }

  /// What the kernel said of the connection.
  public func connection(at index: Int) -> Connection { connections[index] }

  /// What terms about owners are decided by.
  public func owners(at index: Int) -> ConnectionOwners { ownerFacts(of: connections[index]) }

  /// The owners that are known; of a connection in an accept queue, the listener's.
  public func knownOwners(at index: Int) -> [OwnerProcess] {
    guard case .inAcceptQueue(let listeners, _) = attribution(of: connections[index]) else {
      return holders(of: connections[index])
    }
    return listeners.flatMap(holders)
  }

  /// The cgroup of the connection; nil when unknown.
  public func controlGroup(at index: Int) -> ControlGroup? { controlGroup(of: connections[index]) }

  /// What earlier runs know of the connection.
  public func past(at index: Int) -> ConnectionPast? { past(of: connections[index]) }
}
