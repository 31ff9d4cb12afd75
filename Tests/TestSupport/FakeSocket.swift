/// A socket of a ``FakeKernel`` and the row that lists it.
package struct FakeSocket: Sendable {
  package var family: UInt8 = 2
  package var state: UInt8 = 1
  /// 4 or 16 bytes.
  package var local: [UInt8] = [127, 0, 0, 1]
  package var peer: [UInt8] = [127, 0, 0, 1]
  package var localPort: UInt16 = 8080
  package var peerPort: UInt16 = 40000
  package var interface: UInt32 = 0
  package var cookie: UInt64
  package var inode: UInt32
  package var userID: UInt32 = 1000
  package var receiveQueue: UInt32 = 0
  package var sendQueue: UInt32 = 0
  package var timer: UInt8 = 0
  package var retransmits: UInt8 = 0
  package var expires: UInt32 = 0
  /// The values of `tcp_info`; nil for a row without it.
  package var info: Info? = Info()
  /// `SO_MARK` in the row; nil for a row without it.
  package var mark: UInt32?
  /// Whether the kernel chose its local port.
  package var isAutobound = false
  /// Further attributes, as bytes.
  package var attributes: [UInt8] = []

  /// The times and counters of `tcp_info`.
  package struct Info: Sendable {
    package var unacked: UInt32 = 0
    package var lastDataSent: UInt32 = 0
    package var lastDataReceived: UInt32 = 0
    package var lastAckReceived: UInt32 = 0
    package var roundTrip: UInt32 = 34
    package var congestionWindow: UInt32 = 10
    package var totalRetransmits: UInt32 = 0
    package var bytesAcked: UInt64 = 1
    package var bytesReceived: UInt64 = 0
    /// The length of the structure.
    package var length = 232

    package init() {}

    package static func idle(_ milliseconds: UInt32) -> Info {
      var info = Info()
      info.lastDataSent = milliseconds
      info.lastDataReceived = milliseconds
      info.lastAckReceived = milliseconds
      return info
    }

    package var bytes: [UInt8] {
      var bytes = [UInt8](repeating: 0, count: max(length, 280))
      func put(_ value: UInt32, at offset: Int) {
        var wire = WireBytes()
        wire.u32(value)
        bytes.replaceSubrange(offset..<offset + 4, with: wire.bytes)
      }
      func put(_ value: UInt64, at offset: Int) {
        put(UInt32(truncatingIfNeeded: value), at: offset)
        put(UInt32(truncatingIfNeeded: value >> 32), at: offset + 4)
      }
      put(unacked, at: 24)
      put(lastDataSent, at: 44)
      put(lastDataReceived, at: 52)
      put(lastAckReceived, at: 56)
      put(roundTrip, at: 68)
      put(congestionWindow, at: 80)
      put(totalRetransmits, at: 100)
      put(bytesAcked, at: 120)
      put(bytesReceived, at: 128)
      return Array(bytes[..<length])
    }
  }

  package init(cookie: UInt64, inode: UInt32 = 1) {
    self.cookie = cookie
    self.inode = inode
  }

  package init(cookie: UInt64, inode: UInt32, _ change: (inout FakeSocket) -> Void) {
    self.init(cookie: cookie, inode: inode)
    change(&self)
  }

  /// The values that a filter program compares. Without a mark, it is 0.
  package var entry: DiagProgram.Entry {
    var entry = DiagProgram.Entry(
      family: family, localPort: localPort, peerPort: peerPort, local: local, peer: peer)
    entry.interface = interface
    entry.mark = mark ?? 0
    entry.isAutobound = isAutobound
    return entry
  }

  /// `struct inet_diag_sockid`.
  package var identity: [UInt8] {
    var wire = WireBytes()
    wire.network16(localPort)
    wire.network16(peerPort)
    wire.raw(local)
    wire.zeros(16 - local.count)
    wire.raw(peer)
    wire.zeros(16 - peer.count)
    wire.u32(interface)
    wire.u64(cookie)
    return wire.bytes
  }

  /// `struct inet_diag_msg` and the attributes.
  package var row: [UInt8] {
    var wire = WireBytes()
    wire.u8(family)
    // The kernel reports TCP_CLOSE for a bound-inactive socket.
    wire.u8(state == 13 ? 7 : state)
    wire.u8(timer)
    wire.u8(retransmits)
    wire.raw(identity)
    wire.u32(expires)
    wire.u32(receiveQueue)
    wire.u32(sendQueue)
    wire.u32(userID)
    wire.u32(inode)
    if let info { wire.raw(WireBytes.attribute(2, info.bytes)) }
    if let mark {
      var value = WireBytes()
      value.u32(mark)
      wire.raw(WireBytes.attribute(15, value.bytes))
    }
    wire.raw(attributes)
    return wire.bytes
  }
}
