import Connections
import Netlink

/// Converts between ``SocketIdentity`` and the kernel's `struct inet_diag_sockid`.
enum SocketIDCodec {
  /// The length of `struct inet_diag_sockid`.
  static let length = 48

  /// Appends `identity`, including its cookie.
  static func append(_ identity: SocketIdentity, to bytes: inout [UInt8]) {
    bytes.appendNetwork(identity.localPort)
    bytes.appendNetwork(identity.peerPort)
    append(addressBits: identity.localBits, family: identity.family, to: &bytes)
    append(addressBits: identity.peerBits, family: identity.family, to: &bytes)
    bytes.appendNative(identity.interface)
    bytes.appendNative(UInt32(truncatingIfNeeded: identity.cookie.rawValue))
    bytes.appendNative(UInt32(truncatingIfNeeded: identity.cookie.rawValue >> 32))
  }

  private static func append(
    addressBits bits: UInt128, family: AddressFamily, to bytes: inout [UInt8]
  ) {
    switch family {
    case .ipv4:
      bytes.appendNetwork(UInt32(truncatingIfNeeded: bits))
      bytes.append(contentsOf: repeatElement(0, count: 12))
    case .ipv6: bytes.appendNetwork(bits)
    }
  }

  /// Decodes the ``length`` bytes at `offset`.
  static func decode(
    _ bytes: Span<UInt8>, at offset: Int, family: AddressFamily
  ) throws(NetlinkProblem) -> SocketIdentity {
    let rawCookie =
      UInt64(bytes.uint32(at: offset + 40)) | UInt64(bytes.uint32(at: offset + 44)) << 32
    guard let cookie = SocketCookie(rawValue: rawCookie) else {
      throw .malformed(MalformedDatagram(.impossibleValue(rawCookie), at: offset + 40))
    }
    return SocketIdentity(
      local: Endpoint(
        address: address(bytes, at: offset + 4, family: family),
        port: bytes.networkUInt16(at: offset)),
      peer: Endpoint(
        address: address(bytes, at: offset + 20, family: family),
        port: bytes.networkUInt16(at: offset + 2)),
      family: family, interface: bytes.uint32(at: offset + 36), cookie: cookie)
  }

  private static func address(
    _ bytes: Span<UInt8>, at offset: Int, family: AddressFamily
  ) -> IPAddress {
    let first = bytes.networkUInt32(at: offset)
    guard family == .ipv6 else { return IPAddress(v4: first) }
    let upper = UInt64(first) << 32 | UInt64(bytes.networkUInt32(at: offset + 4))
    let lower =
      UInt64(bytes.networkUInt32(at: offset + 8)) << 32
      | UInt64(bytes.networkUInt32(at: offset + 12))
    return IPAddress(bits: UInt128(upper) << 64 | UInt128(lower), family: .ipv6)
  }
}
