/// The number that names one socket of this boot, in all namespaces (`SO_COOKIE`).
///
/// The wildcard `INET_DIAG_NOCOOKIE`, with which the kernel takes whatever socket fits the
/// addresses, is not a cookie: no value of this type can be it.
public struct SocketCookie: Hashable, Sendable {
  /// The cookie as one number, its upper half the second word of `idiag_cookie`.
  public let rawValue: UInt64

  /// The cookie with this number; nil for 0 (none was given out) and for the kernel's wildcard.
  public init?(rawValue: UInt64) {
    guard rawValue != 0, rawValue != .max else { return nil }
    self.rawValue = rawValue
  }
}

extension SocketCookie: CustomStringConvertible {
  /// `0x` and the number in hexadecimal.
  public var description: String { "0x" + String(rawValue, radix: 16) }
}

/// What names one socket to the kernel: its endpoints, its interface and its cookie.
///
/// The kernel's name is `struct inet_diag_sockid`, with the family beside it.
public struct SocketIdentity: Hashable, Sendable {
  // In halves: a UInt128 starts at a multiple of 16 octets, and so would every connection, which
  // makes a difference of eight octets for each of a million.
  private let localHigh: UInt64
  private let localLow: UInt64
  private let peerHigh: UInt64
  private let peerLow: UInt64
  /// The name of the socket for this boot; never the wildcard.
  public let cookie: SocketCookie
  /// The index of the interface it is bound to or, for a link-local address, its scope; 0 for none.
  public let interface: UInt32
  /// The local port.
  public let localPort: UInt16
  /// The peer's port.
  public let peerPort: UInt16
  /// The socket's family: an `ipv6` socket may have v4-mapped addresses.
  public let family: AddressFamily

  /// The socket with these ends and this cookie.
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

  /// The local address as a number; IPv4 is v4-mapped, whichever the family.
  public var localBits: UInt128 { UInt128(localHigh) << 64 | UInt128(localLow) }

  /// The peer's address as a number; IPv4 is v4-mapped, whichever the family.
  public var peerBits: UInt128 { UInt128(peerHigh) << 64 | UInt128(peerLow) }

  /// The local end.
  public var local: Endpoint {
    Endpoint(address: IPAddress(bits: localBits, family: family), port: localPort)
  }

  /// The peer's end.
  public var peer: Endpoint {
    Endpoint(address: IPAddress(bits: peerBits, family: family), port: peerPort)
  }
}

extension UInt128 {
  fileprivate var halves: (high: UInt64, low: UInt64) {
    (UInt64(truncatingIfNeeded: self >> 64), UInt64(truncatingIfNeeded: self))
  }
}
