// Netlink uses the machine's byte order, except for addresses and ports (network byte order).
extension Span<UInt8> {
  /// The 16-bit number at `offset`, in the machine's byte order.
  @inlinable
  public func uint16(at offset: Int) -> UInt16 {
    UInt16(littleEndian: UInt16(self[offset]) | UInt16(self[offset + 1]) << 8)
  }

  /// The 32-bit number at `offset`, in the machine's byte order.
  @inlinable
  public func uint32(at offset: Int) -> UInt32 {
    UInt32(
      littleEndian: UInt32(self[offset]) | UInt32(self[offset + 1]) << 8
        | UInt32(self[offset + 2]) << 16 | UInt32(self[offset + 3]) << 24)
  }

  /// The 64-bit number at `offset`, in the machine's byte order.
  @inlinable
  public func uint64(at offset: Int) -> UInt64 {
    #if _endian(little)
      UInt64(uint32(at: offset)) | UInt64(uint32(at: offset + 4)) << 32
    #else
      UInt64(uint32(at: offset)) << 32 | UInt64(uint32(at: offset + 4))
    #endif
  }

  /// The 16-bit number at `offset`, in network byte order.
  @inlinable
  public func networkUInt16(at offset: Int) -> UInt16 {
    UInt16(self[offset]) << 8 | UInt16(self[offset + 1])
  }

  /// The 32-bit number at `offset`, in network byte order.
  @inlinable
  public func networkUInt32(at offset: Int) -> UInt32 {
    UInt32(networkUInt16(at: offset)) << 16 | UInt32(networkUInt16(at: offset + 2))
  }
}

extension [UInt8] {
  /// Appends the bytes of `value` in the machine's byte order.
  @inlinable public mutating func appendNative(_ value: some FixedWidthInteger & UnsignedInteger) {
    var rest = value.littleEndian
    for _ in 0..<value.bitWidth / 8 {
      append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  /// Appends the bytes of `value` in network byte order.
  @inlinable public mutating func appendNetwork(_ value: some FixedWidthInteger & UnsignedInteger) {
    for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}
