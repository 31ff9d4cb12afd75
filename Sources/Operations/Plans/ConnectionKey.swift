package import Connections
package import Scanning

/// Identifies a connection across scans.
///
/// Before Linux 5.9, cookies are unique only within a network namespace.
package struct ConnectionKey: Hashable, Sendable {
  /// The inode of the network namespace; 0 if it could not be read.
  package let namespace: UInt64
  package let cookie: SocketCookie
}

extension Snapshot {
  package func key(of connection: Connection) -> ConnectionKey {
    ConnectionKey(
      namespace: networkNamespace(of: connection) ?? 0, cookie: connection.cookie)
  }

  /// The keys of all connections.
  package var keys: Set<ConnectionKey> { Set(connections.map(key)) }
}

extension PlanFile.Planned {
  package var key: ConnectionKey {
    ConnectionKey(namespace: networkNamespace, cookie: connection.cookie)
  }
}
