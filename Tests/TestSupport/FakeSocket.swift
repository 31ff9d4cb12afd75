/// A socket as a pretended kernel has it, and the row by which it would list it.
public struct FakeSocket: Sendable {
  public var family: UInt8 = 2
  public var state: UInt8 = 1
  /// 4 or 16 octets.
  public var local: [UInt8] = [127, 0, 0, 1]
  public var peer: [UInt8] = [127, 0, 0, 1]
  public var localPort: UInt16 = 8080
  public var peerPort: UInt16 = 40000
  public var interface: UInt32 = 0
  public var cookie: UInt64
  public var inode: UInt32
  public var userID: UInt32 = 1000
  public var receiveQueue: UInt32 = 0
  public var sendQueue: UInt32 = 0
  public var timer: UInt8 = 0
  public var retransmits: UInt8 = 0
  public var expires: UInt32 = 0
  /// nil for a row without `tcp_info`.
  public var info: Info? = Info()
  /// `SO_MARK`, shown in the row; nil for a row that does not show it.
  public var mark: UInt32?
  /// Further attributes, as bytes.
  public var attributes: [UInt8] = []

  /// The times and counters of `tcp_info`.
  public struct Info: Sendable {
    public var unacked: UInt32 = 0
    public var lastDataSent: UInt32 = 0
    public var lastDataReceived: UInt32 = 0
    public var lastAckReceived: UInt32 = 0
    public var roundTrip: UInt32 = 34
    public var congestionWindow: UInt32 = 10
    public var totalRetransmits: UInt32 = 0
    public var bytesAcked: UInt64 = 1
    public var bytesReceived: UInt64 = 0
    /// How much of the structure there is.
    public var length = 232

    public init() {}

    public static func idle(_ milliseconds: UInt32) -> Info {
      var info = Info()
      info.lastDataSent = milliseconds
      info.lastDataReceived = milliseconds
      info.lastAckReceived = milliseconds
      return info
    }

    public var bytes: [UInt8] {
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

  public init(cookie: UInt64, inode: UInt32 = 1) {
    self.cookie = cookie
    self.inode = inode
  }

  public init(cookie: UInt64, inode: UInt32, _ change: (inout FakeSocket) -> Void) {
    self.init(cookie: cookie, inode: inode)
    change(&self)
  }

  /// What a filter program compares. The mark is that of the attribute, without one 0.
  public var entry: DiagProgram.Entry {
    var entry = DiagProgram.Entry(
      family: family, localPort: localPort, peerPort: peerPort, local: local, peer: peer)
    entry.interface = interface
    entry.mark = mark ?? 0
    return entry
  }

  /// `struct inet_diag_sockid`.
  public var identity: [UInt8] {
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
  public var row: [UInt8] {
    var wire = WireBytes()
    wire.u8(family)
    wire.u8(state)
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
