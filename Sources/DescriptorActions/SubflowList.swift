internal import Connections
internal import Glibc

/// The endpoints of the subflows of an MPTCP connection (`MPTCP_SUBFLOW_ADDRS`, Linux 5.16 and
/// later; see the kernel's `include/uapi/linux/mptcp.h`).
struct SubflowList {
  private let ends: [(local: Endpoint, peer: Endpoint)]

  private static let level: Int32 = 284  // SOL_MPTCP
  private static let option: Int32 = 3  // MPTCP_SUBFLOW_ADDRS
  /// `struct mptcp_subflow_data`: four words; the second is the number of subflows.
  private static let headLength = 16
  /// A `struct sockaddr_storage`; each subflow has two.
  private static let addressLength = 128
  /// More than the kernel allows (`MPTCP_SUBFLOWS_MAX` is 8, plus the first).
  private static let maximumCount = 16

  /// Reads the subflows of the socket `descriptor`; nil when it is not an MPTCP connection.
  init?(of descriptor: Int32) {
    let entryLength = 2 * Self.addressLength
    var words = [UInt32](
      repeating: 0, count: (Self.headLength + Self.maximumCount * entryLength) / 4)
    (words[0], words[3]) = (UInt32(Self.headLength), UInt32(entryLength))
    var length = socklen_t(words.count * 4)
    guard unsafe getsockopt(descriptor, Self.level, Self.option, &words, &length) == 0,
      words[2] >= UInt32(entryLength) || words[1] == 0
    else { return nil }
    let bytes = words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
    }
    ends = (0..<min(Int(words[1]), Self.maximumCount)).compactMap { index in
      let start = Self.headLength + index * entryLength
      guard let local = Self.endpoint(bytes[start...]),
        let peer = Self.endpoint(bytes[(start + Self.addressLength)...])
      else { return nil }
      return (local, peer)
    }
  }

  /// Whether a subflow has these endpoints; v4-mapped addresses equal their IPv4 form.
  func contains(_ local: Endpoint, _ peer: Endpoint) -> Bool {
    ends.contains { Self.same($0.local, local) && Self.same($0.peer, peer) }
  }

  private static func same(_ lhs: Endpoint, _ rhs: Endpoint) -> Bool {
    lhs.address.bits == rhs.address.bits && lhs.port == rhs.port
  }

  /// Decodes a `struct sockaddr_in` or `sockaddr_in6`: the family in the machine's byte order, the
  /// rest in network byte order.
  private static func endpoint(_ bytes: ArraySlice<UInt8>) -> Endpoint? {
    let bytes = Array(bytes.prefix(28))
    let port = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    switch Int32(bytes[0]) | Int32(bytes[1]) << 8 {
    case AF_INET:
      let address = bytes[4..<8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      return Endpoint(address: IPAddress(v4: address), port: port)
    case AF_INET6:
      let bits = bytes[8..<24].reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
      return Endpoint(address: IPAddress(bits: bits, family: .ipv6), port: port)
    default: return nil
    }
  }
}
