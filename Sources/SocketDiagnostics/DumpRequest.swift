import CLinuxDiag
public import Connections
import Glibc
import Netlink

/// A request for a dump of sockets, with optional bytecode: `struct inet_diag_req_v2`, or for both
/// families the older `struct inet_diag_req`.
public struct DumpRequest: Equatable, Sendable {
  /// The families of the sockets.
  public let families: Families
  /// The states of the sockets (`idiag_states`).
  public let states: TCPStateSet
  /// The attributes to include. They cost time for every socket.
  public let details: Details
  /// The program that selects sockets in the kernel (`INET_DIAG_REQ_BYTECODE`); nil for none.
  public let bytecode: InetDiagBytecode?

  /// Creates a request for the sockets of `family` in `states` that `bytecode` accepts.
  public init(
    family: AddressFamily, states: TCPStateSet, details: Details,
    bytecode: InetDiagBytecode? = nil
  ) {
    self.init(families: .only(family), states: states, details: details, bytecode: bytecode)
  }

  /// Creates a request for the sockets of `families` in `states` that `bytecode` accepts.
  public init(
    families: Families, states: TCPStateSet, details: Details, bytecode: InetDiagBytecode? = nil
  ) {
    self.families = families
    self.states = states
    self.details = details
    self.bytecode = bytecode
  }

  /// The request to try when the kernel refuses this bytecode; nil without bytecode.
  ///
  /// It lists at least the same sockets.
  var forOlderKernel: DumpRequest? {
    guard let bytecode else { return nil }
    return DumpRequest(
      families: families, states: states, details: details, bytecode: bytecode.forOlderKernel)
  }

  /// The families of a dump. Sockets with v4-mapped addresses are `ipv6`.
  public enum Families: Equatable, Sendable {
    /// One family.
    case only(AddressFamily)
    /// Both families, for which the kernel walks its socket table only once.
    case both

    /// Creates the value for `families`; nil for none.
    public init?(_ families: [AddressFamily]) {
      guard let first = families.first else { return nil }
      self = families.contains { $0 != first } ? .both : .only(first)
    }

    /// The families, in the order of separate requests.
    public var members: [AddressFamily] {
      switch self {
      case .only(let family): [family]
      case .both: AddressFamily.allCases
      }
    }
  }

  /// The attributes to request (`idiag_ext`).
  public struct Details: OptionSet, Equatable, Sendable {
    /// Bit n-1 represents the attribute with number n.
    public let rawValue: UInt8

    /// Creates the set of the attributes whose bits are set.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `INET_DIAG_INFO`: the times and counters of `tcp_info`.
    public static let figures = Details(rawValue: 1 << UInt8(INET_DIAG_INFO - 1))
    /// `INET_DIAG_CONG`: the name of the congestion control algorithm.
    public static let congestion = Details(rawValue: 1 << UInt8(INET_DIAG_CONG - 1))
  }

  /// The `nlmsg_type` of the request.
  ///
  /// A dump of type `TCPDIAG_GETSOCK`, the only one before Linux 3.3, always lists both families
  /// (`inet_diag_dump_compat` in `net/ipv4/inet_diag.c`).
  var messageType: UInt16 {
    switch families {
    case .only: UInt16(SOCK_DIAG_BY_FAMILY)
    case .both: UInt16(TCPDIAG_GETSOCK)
    }
  }

  var payload: [UInt8] {
    var payload: [UInt8]
    let identity = repeatElement(UInt8(0), count: SocketIDCodec.length)
    switch families {
    case .only(let family):
      payload = Self.head(family: family, states: states, details: details)
      payload.append(contentsOf: identity)
    case .both:
      payload = [UInt8(AF_UNSPEC), 0, 0, details.rawValue]
      payload.append(contentsOf: identity)
      payload.appendNative(states.rawValue)
      // idiag_dbs, which the kernel ignores.
      payload.appendNative(UInt32(0))
    }
    if let bytecode {
      payload.appendNative(UInt16(4 + bytecode.bytes.count))
      payload.appendNative(UInt16(INET_DIAG_REQ_BYTECODE))
      payload.append(contentsOf: bytecode.bytes)
    }
    return payload
  }

  /// The payload of a request for the socket with `identity`.
  static func payload(for identity: SocketIdentity, details: Details = []) -> [UInt8] {
    var payload = head(
      family: identity.family, states: TCPStateSet(rawValue: .max), details: details)
    SocketIDCodec.append(identity, to: &payload)
    return payload
  }

  private static func head(
    family: AddressFamily, states: TCPStateSet, details: Details
  ) -> [UInt8] {
    var head = [family.rawValue, UInt8(IPPROTO_TCP), details.rawValue, 0]
    head.reserveCapacity(8 + SocketIDCodec.length)
    head.appendNative(states.rawValue)
    return head
  }
}
