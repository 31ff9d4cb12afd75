import Connections
import Scanning

/// What tells one connection from all others, from scan to scan.
///
/// Cookies are counted for each network namespace by kernels before Linux 5.9.
struct ConnectionKey: Hashable, Sendable {
  /// The inode of the network namespace; 0 when it could not be read.
  let namespace: UInt64
  let cookie: SocketCookie
}

extension Snapshot {
  func key(of connection: Connection) -> ConnectionKey {
    ConnectionKey(
      namespace: networkNamespace(of: connection) ?? 0, cookie: connection.cookie)
  }

  /// Those of all its connections.
  var keys: Set<ConnectionKey> { Set(connections.map(key)) }
}

extension PlanFile.Planned {
  var key: ConnectionKey {
    ConnectionKey(namespace: networkNamespace, cookie: connection.cookie)
  }
}
