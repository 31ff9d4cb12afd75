/// The number that identifies one socket in all namespaces until the next boot (`SO_COOKIE`).
///
/// No value of this type is the wildcard `INET_DIAG_NOCOOKIE`, with which the kernel accepts any
/// socket that has the addresses.
public struct SocketCookie: Hashable, Sendable {
  /// The cookie as one number; its upper half is the second word of `idiag_cookie`.
  public let rawValue: UInt64

  /// Creates a cookie; nil for 0 (not assigned) and for the kernel's wildcard.
  public init?(rawValue: UInt64) {
    guard rawValue != 0, rawValue != .max else { return nil }
    self.rawValue = rawValue
  }
}

extension SocketCookie: CustomStringConvertible {
  /// The number in hexadecimal, with `0x`.
  public var description: String { "0x" + String(rawValue, radix: 16) }
}

/// The endpoints, interface and cookie that identify one socket to the kernel.
///
/// The kernel's structure is `struct inet_diag_sockid`; the family is passed beside it.
public struct SocketIdentity: Hashable, Sendable {
  // Halves, because a UInt128 is aligned to 16 bytes: that would add eight bytes to each connection.
  private let localHigh: UInt64
  private let localLow: UInt64
  private let peerHigh: UInt64
  private let peerLow: UInt64
  /// The number that identifies the socket until the next boot; never the wildcard.
  public let cookie: SocketCookie
  /// The index of the interface that it is bound to, or the scope of a link-local address; 0 for none.
  public let interface: UInt32
  /// The local port.
  public let localPort: UInt16
  /// The peer's port.
  public let peerPort: UInt16
  /// The socket's family. An `ipv6` socket can have v4-mapped addresses.
  public let family: AddressFamily

  /// Creates an identity.
  public init(
    local: Endpoint, peer: Endpoint, family: AddressFamily, interface: UInt32, cookie: SocketCookie
  ) {
    (localHigh, localLow) = local.address.bits.halves
    (peerHigh, peerLow) = peer.address.bits.halves
    localPort = local.port
    peerPort = peer.port
    self.family = family
    self.interface = interface
    self.cookie = cookie
  }

  /// The local address as a number; IPv4 is v4-mapped.
  public var localBits: UInt128 { UInt128(localHigh) << 64 | UInt128(localLow) }

  /// The peer's address as a number; IPv4 is v4-mapped.
  public var peerBits: UInt128 { UInt128(peerHigh) << 64 | UInt128(peerLow) }

  /// The local endpoint.
  public var local: Endpoint {
    Endpoint(address: IPAddress(bits: localBits, family: family), port: localPort)
  }

  /// The peer's endpoint.
  public var peer: Endpoint {
    Endpoint(address: IPAddress(bits: peerBits, family: family), port: peerPort)
  }
}

extension UInt128 {
  fileprivate var halves: (high: UInt64, low: UInt64) {
    (UInt64(truncatingIfNeeded: self >> 64), UInt64(truncatingIfNeeded: self))
  }
}
