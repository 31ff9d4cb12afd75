import CLinuxDiag
import Connections
import Netlink

/// Decodes one row of a dump: `struct inet_diag_msg` and its attributes.
struct InetDiagRow {
  /// The length of `struct inet_diag_msg`.
  static let length = 72

  private let tcpInfo: TCPInfoDecoder
  private let closedMeans: TCPState

  init(uptime: UInt64?) {
    tcpInfo = TCPInfoDecoder(uptime: uptime)
    closedMeans = .closed
  }

  private init(tcpInfo: TCPInfoDecoder, closedMeans: TCPState) {
    (self.tcpInfo, self.closedMeans) = (tcpInfo, closedMeans)
  }

  /// The decoder for the answer to `request`.
  func answering(_ request: DumpRequest) -> InetDiagRow {
    InetDiagRow(tcpInfo: tcpInfo, closedMeans: Self.meaningOfClosed(in: request))
  }

  /// The meaning of `TCP_CLOSE` in the answer to `request`.
  ///
  /// The kernel lists bound-inactive sockets only if the request names them, and reports them as
  /// `TCP_CLOSE`. It lists no others in this state.
  static func meaningOfClosed(in request: DumpRequest) -> TCPState {
    request.states.contains(.boundInactive) ? .boundInactive : .closed
  }

  /// The family and state of the row in `range` of `bytes`: all that counting needs.
  ///
  /// - Parameter closedMeans: the state to report for `TCP_CLOSE`.
  static func kind(
    _ bytes: Span<UInt8>, _ range: Range<Int>, closedMeans: TCPState
  ) throws(NetlinkProblem) -> (AddressFamily, TCPState) {
    guard range.count >= Self.length else {
      throw .malformed(
        MalformedDatagram(
          .shortPayload(needed: Self.length, left: range.count), at: range.lowerBound))
    }
    let start = range.lowerBound
    guard let family = AddressFamily(rawValue: bytes[start]) else {
      throw .malformed(MalformedDatagram(.impossibleValue(UInt64(bytes[start])), at: start))
    }
    guard let state = TCPState(rawValue: bytes[start + 1]) else {
      throw .malformed(MalformedDatagram(.impossibleValue(UInt64(bytes[start + 1])), at: start + 1))
    }
    return (family, state == .closed ? closedMeans : state)
  }

  /// Decodes the row in `range` of `bytes`.
  func decode(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(NetlinkProblem) -> Connection {
    let (family, state) = try Self.kind(bytes, range, closedMeans: closedMeans)
    let start = range.lowerBound
    let identity = try SocketIDCodec.decode(bytes, at: start + 4, family: family)
    let attributes = try attributes(bytes, start + Self.length..<range.upperBound)
    return Connection(
      identity: identity, state: state,
      inode: bytes.uint32(at: start + 68), userID: bytes.uint32(at: start + 64),
      receiveQueue: bytes.uint32(at: start + 56), sendQueue: bytes.uint32(at: start + 60),
      timer: ConnectionTimer(
        kind: ConnectionTimer.Kind(number: bytes[start + 2]),
        expires: bytes.uint32(at: start + 52), retransmits: bytes[start + 3]),
      figures: attributes.figures, mark: attributes.mark, cgroupID: attributes.cgroupID,
      isMPTCPSubflow: attributes.isMPTCPSubflow, isV6Only: attributes.isV6Only)
  }

  private struct Attributes {
    var figures = TCPFigures()
    var mark: UInt32?
    var cgroupID: UInt64?
    var isMPTCPSubflow = false
    var isV6Only: Bool?
  }

  private func attributes(
    _ bytes: Span<UInt8>, _ range: Range<Int>
  ) throws(NetlinkProblem) -> Attributes {
    var found = Attributes()
    var offset = range.lowerBound
    while let attribute = try NetlinkAttribute.read(from: bytes, at: &offset, end: range.upperBound)
    {
      let value = attribute.value
      switch Int(attribute.type) {
      case INET_DIAG_INFO: tcpInfo.decode(bytes, value, into: &found.figures)
      case INET_DIAG_CONG:
        found.figures.congestion = Self.congestion(bytes, value)
      case INET_DIAG_MARK where value.count >= 4:
        found.mark = bytes.uint32(at: value.lowerBound)
      case INET_DIAG_CGROUP_ID where value.count >= 8:
        found.cgroupID = bytes.uint64(at: value.lowerBound)
      case INET_DIAG_SKV6ONLY where value.count >= 1:
        found.isV6Only = bytes[value.lowerBound] != 0
      case INET_DIAG_ULP_INFO:
        found.isMPTCPSubflow = try Self.namesMPTCP(bytes, value)
      default: break
      }
    }
    return found
  }

  private static func congestion(_ bytes: Span<UInt8>, _ range: Range<Int>) -> CongestionName? {
    var octets: UInt128 = 0
    for (position, index) in range.prefix(16).enumerated() {
      guard bytes[index] != 0 else { break }
      octets |= UInt128(bytes[index]) << UInt128(8 * position)
    }
    return CongestionName(octets: octets)
  }

  /// Whether the upper-layer protocol in the nested attributes of `range` is MPTCP.
  private static func namesMPTCP(
    _ bytes: Span<UInt8>, _ range: Range<Int>
  ) throws(NetlinkProblem) -> Bool {
    let name: StaticString = "mptcp"
    var offset = range.lowerBound
    while let attribute = try NetlinkAttribute.read(from: bytes, at: &offset, end: range.upperBound)
    {
      guard attribute.type == UInt16(INET_ULP_INFO_NAME) else { continue }
      let value = attribute.value
      guard value.count >= name.utf8CodeUnitCount else { return false }
      return name.description.utf8.enumerated().allSatisfy { position, octet in
        bytes[value.lowerBound + position] == octet
      }
    }
    return false
  }
}
