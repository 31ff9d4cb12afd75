import Connections
import TestSupport

@testable import SocketDiagnostics

/// The identity of a socket as a dump reports it.
func identity(_ socket: FakeSocket) throws -> SocketIdentity {
  let row = socket.row
  return try InetDiagRow(uptime: nil).decode(row.span, 0..<row.count).identity
}
