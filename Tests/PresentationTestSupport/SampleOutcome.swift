package import Connections
package import Reaping

/// An outcome of a connection on loopback with these ports.
package func sampleOutcome(
  _ result: Outcome.Result, from local: UInt16 = 1, to peer: UInt16 = 2,
  state: TCPState = .established, method: ClosingMethod = .destroy, namespace: UInt16 = 0
) -> Outcome {
  func end(_ port: UInt16) -> Endpoint {
    Endpoint(address: IPAddress(v4: 0x7f00_0001), port: port)
  }
  guard let cookie = SocketCookie(rawValue: UInt64(local) << 16 | UInt64(peer)) else {
    preconditionFailure("a port of 0")
  }
  var connection = Connection(
    identity: SocketIdentity(
      local: end(local), peer: end(peer), family: .ipv4, interface: 0,
      cookie: cookie),
    state: state, inode: 7, userID: 0, receiveQueue: 0, sendQueue: 0,
    timer: ConnectionTimer(kind: .off, expires: 0, retransmits: 0), figures: TCPFigures())
  connection.namespace = namespace
  return Outcome(
    Plan.Step(connection: connection, decision: .close, method: method), result)
}
