package import Connections
import Glibc
package import Rendering

extension Connection {
  /// The connection that a JSON object describes; nil if it does not identify one.
  ///
  /// Values that the JSON format does not hold, such as the mark, are unknown.
  package init?(recorded value: JSONValue) {
    guard let family = AddressFamily.allCases.first(where: { $0.name == value["family"]?.text }),
      let state = TCPState.allCases.first(where: { $0.name == value["state"]?.text }),
      let local = value["local"].flatMap({ Endpoint(recorded: $0, family: family) }),
      let peer = value["peer"].flatMap({ Endpoint(recorded: $0, family: family) }),
      let digits = value["cookie"]?.text, digits.hasPrefix("0x"),
      let number = UInt64(digits.dropFirst(2), radix: 16),
      let cookie = SocketCookie(rawValue: number)
    else { return nil }
    let tcp = value["tcp"]
    var figures = TCPFigures()
    figures.lastSent = value["last_sent_ms"]?.number()
    figures.lastReceived = value["last_received_ms"]?.number()
    figures.lastAcknowledged = value["last_ack_ms"]?.number()
    figures.unacknowledged = tcp?["unacked"]?.number()
    self.init(
      identity: SocketIdentity(
        local: local, peer: peer, family: family,
        interface: value["interface"]?.text.map(Self.interface) ?? 0, cookie: cookie),
      state: state, inode: value["inode"]?.number() ?? 0, userID: value["uid"]?.number() ?? 0,
      receiveQueue: value["recv_queue"]?.number() ?? 0,
      sendQueue: value["send_queue"]?.number() ?? 0,
      timer: ConnectionTimer(kind: .off, expires: 0, retransmits: 0), figures: figures,
      isMPTCPSubflow: value["note"]?.text == "mptcp subflow",
      isV6Only: value["ipv6_only"].map { $0 == .flag(true) })
  }

  /// The current index of the interface `name`; an unused index if there is none.
  private static func interface(_ name: String) -> UInt32 {
    let index = unsafe if_nametoindex(name)
    return index == 0 ? .max : index
  }
}

extension Endpoint {
  fileprivate init?(recorded value: JSONValue, family: AddressFamily) {
    guard let text = value["address"]?.text, let address = IPAddress(text: text),
      let port = value["port"]?.number(UInt16.self)
    else { return nil }
    self.init(address: IPAddress(bits: address.bits, family: family), port: port)
  }
}
