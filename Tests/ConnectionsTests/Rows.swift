import Connections

extension Connection {
  /// Creates a row of a dump; a test passes only the values that it is about.
  static func row(
    _ state: TCPState = .established, inode: UInt32 = 6319, userID: UInt32 = 1000,
    receiveQueue: UInt32 = 0, sendQueue: UInt32 = 0, timer: ConnectionTimer.Kind = .off,
    retransmits: UInt8 = 0, figures: TCPFigures = TCPFigures(),
    mark: UInt32? = nil, cgroupID: UInt64? = nil, isMPTCPSubflow: Bool = false
  ) -> Connection {
    guard let cookie = SocketCookie(rawValue: 0x2a6d76) else { preconditionFailure() }
    let local = Endpoint(address: IPAddress(v4: 0x0a00_0005), port: 8080)
    let peer = Endpoint(address: IPAddress(v4: 0x0a00_0009), port: 51690)
    return Connection(
      identity: SocketIdentity(
        local: local, peer: peer, family: .ipv4, interface: 0, cookie: cookie),
      state: state, inode: inode, userID: userID, receiveQueue: receiveQueue,
      sendQueue: sendQueue,
      timer: ConnectionTimer(kind: timer, expires: 0, retransmits: retransmits),
      figures: figures, mark: mark, cgroupID: cgroupID, isMPTCPSubflow: isMPTCPSubflow)
  }
}

extension TCPFigures {
  /// Creates figures with the three times of `tcp_info` and the segments in flight.
  init(sent: UInt32?, received: UInt32?, acknowledged: UInt32?, unacknowledged: UInt32? = 0) {
    self.init()
    lastSent = sent
    lastReceived = received
    lastAcknowledged = acknowledged
    self.unacknowledged = unacknowledged
  }
}
