/// Netlink messages built by hand, as a reference for the codec under test.
///
/// They are little-endian, like the machines that run the tests.
package struct WireBytes {
  /// The bytes so far.
  package private(set) var bytes: [UInt8] = []

  /// Creates an empty message.
  package init() {}

  /// Appends a byte.
  package mutating func u8(_ value: UInt8) { bytes.append(value) }

  /// Appends a 16-bit number in the machine's byte order.
  package mutating func u16(_ value: UInt16) { raw(withBytes(of: value.littleEndian)) }

  /// Appends a 32-bit number in the machine's byte order.
  package mutating func u32(_ value: UInt32) { raw(withBytes(of: value.littleEndian)) }

  /// Appends a 64-bit number in the machine's byte order.
  package mutating func u64(_ value: UInt64) { raw(withBytes(of: value.littleEndian)) }

  /// Appends a 16-bit number in network byte order.
  package mutating func network16(_ value: UInt16) { raw(withBytes(of: value.bigEndian)) }

  /// Appends bytes.
  package mutating func raw(_ more: [UInt8]) { bytes += more }

  /// Appends `count` zero bytes.
  package mutating func zeros(_ count: Int) { raw([UInt8](repeating: 0, count: count)) }

  private func withBytes<Value>(of value: Value) -> [UInt8] {
    withUnsafeBytes(of: value) { Array($0) }
  }

  /// A message with header and payload, padded to four bytes.
  package static func message(
    type: UInt16, flags: UInt16 = 2, sequence: UInt32 = 1, payload: [UInt8] = []
  ) -> [UInt8] {
    var wire = WireBytes()
    wire.u32(UInt32(16 + payload.count))
    wire.u16(type)
    wire.u16(flags)
    wire.u32(sequence)
    wire.u32(4711)
    wire.raw(payload)
    wire.zeros((4 - payload.count % 4) % 4)
    return wire.bytes
  }

  /// `NLMSG_DONE` with its number, 0 or a negative errno.
  package static func done(_ code: Int32 = 0, sequence: UInt32 = 1) -> [UInt8] {
    message(type: 3, sequence: sequence, payload: number(code))
  }

  /// `NLMSG_ERROR` with its number, 0 for an acknowledgement.
  package static func error(_ code: Int32, sequence: UInt32 = 1) -> [UInt8] {
    message(
      type: 2, flags: 0, sequence: sequence,
      payload: number(code) + [UInt8](repeating: 0, count: 16))
  }

  private static func number(_ code: Int32) -> [UInt8] {
    var wire = WireBytes()
    wire.u32(UInt32(bitPattern: code))
    return wire.bytes
  }

  /// An attribute, padded to four bytes.
  package static func attribute(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
    var wire = WireBytes()
    wire.u16(UInt16(4 + value.count))
    wire.u16(type)
    wire.raw(value)
    wire.zeros((4 - value.count % 4) % 4)
    return wire.bytes
  }
}
