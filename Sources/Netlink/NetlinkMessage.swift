/// The header of a message (`struct nlmsghdr`) and the range of its payload.
public struct NetlinkMessage: Equatable, Sendable {
  /// The message type (`nlmsg_type`).
  public let type: UInt16
  /// The flags (`nlmsg_flags`).
  public let flags: UInt16
  /// The number of the request that it answers (`nlmsg_seq`).
  public let sequence: UInt32
  /// The range of the payload in the datagram.
  public let payload: Range<Int>

  /// The length of `struct nlmsghdr`.
  public static let headerLength = 16

  /// Reads the message at `offset` and moves `offset` to the next one.
  ///
  /// Messages start at multiples of four bytes. The kernel counts the padding of the last one
  /// too, but a datagram can end without it.
  @inlinable
  public static func read(
    from datagram: Span<UInt8>, at offset: inout Int
  ) throws(NetlinkProblem) -> NetlinkMessage {
    let left = datagram.count - offset
    guard left >= headerLength else {
      throw .malformed(MalformedDatagram(.shortMessageHeader(left: left), at: offset))
    }
    let claimed = datagram.uint32(at: offset)
    guard claimed >= UInt32(headerLength), let length = Int(exactly: claimed), length <= left
    else {
      throw .malformed(MalformedDatagram(.messageLength(claimed, left: left), at: offset))
    }
    let message = NetlinkMessage(
      type: datagram.uint16(at: offset + 4), flags: datagram.uint16(at: offset + 6),
      sequence: datagram.uint32(at: offset + 8), payload: offset + headerLength..<offset + length)
    offset = min(offset + aligned(length), datagram.count)
    return message
  }

  @usableFromInline
  init(type: UInt16, flags: UInt16, sequence: UInt32, payload: Range<Int>) {
    self.type = type
    self.flags = flags
    self.sequence = sequence
    self.payload = payload
  }

  /// A datagram with one request.
  public static func request(
    type: UInt16, flags: UInt16, sequence: UInt32, payload: [UInt8]
  ) -> [UInt8] {
    var datagram: [UInt8] = []
    datagram.reserveCapacity(headerLength + payload.count)
    appendRequest(type: type, flags: flags, sequence: sequence, payload: payload, to: &datagram)
    return datagram
  }

  /// Appends one request to `datagram`, after padding it to a multiple of four bytes.
  static func appendRequest(
    type: UInt16, flags: UInt16, sequence: UInt32, payload: [UInt8], to datagram: inout [UInt8]
  ) {
    let padding = aligned(datagram.count) - datagram.count
    datagram.append(contentsOf: repeatElement(0, count: padding))
    datagram.appendNative(UInt32(headerLength + payload.count))
    datagram.appendNative(type)
    datagram.appendNative(flags)
    datagram.appendNative(sequence)
    datagram.appendNative(UInt32(0))
    datagram.append(contentsOf: payload)
  }

  /// `length` rounded up to a multiple of four (`NLMSG_ALIGN`, `NLA_ALIGN`).
  @inlinable
  public static func aligned(_ length: Int) -> Int { (length + 3) & ~3 }
}

/// An attribute (`struct nlattr`): its type and the range of its value.
public struct NetlinkAttribute: Equatable, Sendable {
  /// The attribute type (`nla_type`), without the flags for nesting and byte order.
  public let type: UInt16
  /// The range of the value.
  public let value: Range<Int>

  @usableFromInline
  init(type: UInt16, value: Range<Int>) {
    self.type = type
    self.value = value
  }

  /// Reads the attribute at `offset` and moves `offset` to the next one; nil at `end`.
  ///
  /// Up to three bytes before `end` are padding.
  @inlinable
  public static func read(
    from bytes: Span<UInt8>, at offset: inout Int, end: Int
  ) throws(NetlinkProblem) -> NetlinkAttribute? {
    let left = end - offset
    guard left >= 4 else { return nil }
    let length = Int(bytes.uint16(at: offset))
    guard length >= 4, length <= left else {
      throw .malformed(
        MalformedDatagram(.attributeLength(UInt16(length), left: left), at: offset))
    }
    let attribute = NetlinkAttribute(
      type: bytes.uint16(at: offset + 2) & 0x3fff, value: offset + 4..<offset + length)
    offset = min(offset + NetlinkMessage.aligned(length), end)
    return attribute
  }
}
