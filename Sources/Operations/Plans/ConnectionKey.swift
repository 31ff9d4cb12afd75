package import Connections
package import Scanning

/// What tells one connection from all others, from scan to scan.
///
/// Cookies are counted for each network namespace by kernels before Linux 5.9.
package struct ConnectionKey: Hashable, Sendable {
  /// The inode of the network namespace; 0 when it could not be read.
  package let namespace: UInt64
  package let cookie: SocketCookie
}

extension Snapshot {
  package func key(of connection: Connection) -> ConnectionKey {
    ConnectionKey(
      namespace: networkNamespace(of: connection) ?? 0, cookie: connection.cookie)
  }

  /// Those of all its connections.
  package var keys: Set<ConnectionKey> { Set(connections.map(key)) }
}

extension PlanFile.Planned {
  package var key: ConnectionKey {
    ConnectionKey(namespace: networkNamespace, cookie: connection.cookie)
  }
}
