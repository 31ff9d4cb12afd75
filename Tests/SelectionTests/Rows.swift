import Connections
import Selection

extension Connection {
  /// A row of a dump with default values.
  static func row(
    _ state: TCPState = .established, local: String = "10.0.0.5", localPort: UInt16 = 8080,
    peer: String = "10.0.0.9", peerPort: UInt16 = 51690, family: AddressFamily? = nil,
    interface: UInt32 = 0, inode: UInt32 = 6319, userID: UInt32 = 1000, receiveQueue: UInt32 = 0,
    sendQueue: UInt32 = 0, figures: TCPFigures = TCPFigures(), mark: UInt32? = nil
  ) -> Connection {
    guard let cookie = SocketCookie(rawValue: 0x2a6d76), let local = IPAddress(text: local),
      let peer = IPAddress(text: peer)
    else { preconditionFailure() }
    return Connection(
      identity: SocketIdentity(
        local: Endpoint(address: local, port: localPort),
        peer: Endpoint(address: peer, port: peerPort), family: family ?? local.family,
        interface: interface, cookie: cookie),
      state: state, inode: inode, userID: userID, receiveQueue: receiveQueue,
      sendQueue: sendQueue, timer: ConnectionTimer(kind: .off, expires: 0, retransmits: 0),
      figures: figures, mark: mark)
  }
}

extension TCPFigures {
  /// Figures with the three times of `tcp_info` and the segments in flight.
  init(sent: UInt32?, received: UInt32?, acknowledged: UInt32?, unacknowledged: UInt32? = 0) {
    self.init()
    lastSent = sent
    lastReceived = received
    lastAcknowledged = acknowledged
    self.unacknowledged = unacknowledged
  }
}

extension OwnerProcess {
  static func process(
    _ pid: Int32, _ name: String?, _ executable: String?, in group: String? = nil
  ) -> OwnerProcess {
    OwnerProcess(
      identity: ProcessIdentity(pid: pid, startTicks: nil), name: name.map { KernelName($0) },
      executable: executable.map { KernelName($0) },
      userID: nil, controlGroup: group.map { ControlGroup(path: $0) })
  }
}

extension OwnerList where Processes == [OwnerProcess] {
  static let java = OwnerList([.process(1744, "java", "/usr/bin/java")], isComplete: true)
  static let javaAndMaybeOthers = OwnerList(
    [.process(1744, "java", "/usr/bin/java")], isComplete: false)
  static let sshd = OwnerList([.process(22, "sshd-session", "/usr/sbin/sshd")], isComplete: true)
}
