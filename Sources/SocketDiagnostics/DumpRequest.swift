import CLinuxDiag
public import Connections
import Glibc
import Netlink

/// What the kernel is asked for: `struct inet_diag_req_v2` without an identity, and the bytecode
/// behind it.
public struct DumpRequest: Equatable, Sendable {
  /// The family of the sockets. Sockets with v4-mapped addresses are `ipv6`.
  public let family: AddressFamily
  /// The states of the sockets (`idiag_states`).
  public let states: TCPStateSet
  /// What is asked for beside the plain row. It costs time for every socket.
  public let details: Details
  /// Which of those sockets are left out (`INET_DIAG_REQ_BYTECODE`); nil for none.
  public let bytecode: InetDiagBytecode?

  /// A request for the sockets of `family` in one of `states` that `bytecode` accepts.
  public init(
    family: AddressFamily, states: TCPStateSet, details: Details,
    bytecode: InetDiagBytecode? = nil
  ) {
    self.family = family
    self.states = states
    self.details = details
    self.bytecode = bytecode
  }

  /// The request to make when the kernel refuses the bytecode of this one; nil without bytecode.
  ///
  /// It lists at least the same sockets.
  var forOlderKernel: DumpRequest? {
    guard let bytecode else { return nil }
    return DumpRequest(
      family: family, states: states, details: details, bytecode: bytecode.forOlderKernel)
  }

  /// The attributes to ask for (`idiag_ext`).
  public struct Details: OptionSet, Equatable, Sendable {
    /// Bit n-1 stands for the attribute numbered n.
    public let rawValue: UInt8

    /// The set of the attributes whose bits are set.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `INET_DIAG_INFO`: the times and counters of `tcp_info`.
    public static let figures = Details(rawValue: 1 << UInt8(INET_DIAG_INFO - 1))
    /// `INET_DIAG_CONG`: the congestion control algorithm's name.
    public static let congestion = Details(rawValue: 1 << UInt8(INET_DIAG_CONG - 1))
  }

  var payload: [UInt8] {
    var payload = Self.head(family: family, states: states, details: details)
    payload.append(contentsOf: repeatElement(0, count: SocketIDCodec.length))
    if let bytecode {
      payload.appendNative(UInt16(4 + bytecode.bytes.count))
      payload.appendNative(UInt16(INET_DIAG_REQ_BYTECODE))
      payload.append(contentsOf: bytecode.bytes)
    }
    return payload
  }

  /// The request for the one socket that `identity` names.
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
