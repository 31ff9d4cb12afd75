import CLinuxDiag
public import Connections
import Glibc
public import Netlink
import SystemPackage

/// Lists, looks up and destroys TCP sockets through NETLINK_SOCK_DIAG.
///
/// See `man 7 sock_diag` and the kernel's `net/ipv4/inet_diag.c`.
public struct TCPDiagnostics {
  var conversation: NetlinkConversation
  let row: InetDiagRow

  /// The netlink family for transports of this type.
  public static let bus = Int32(NETLINK_SOCK_DIAG)

  /// Creates a session over `transport`.
  ///
  /// - Parameter uptime: the machine's uptime in milliseconds, the upper limit for the times in a
  ///   row; nil when unknown.
  public init(over transport: any NetlinkTransport, uptime: UInt64?) {
    conversation = NetlinkConversation(over: transport)
    row = InetDiagRow(uptime: uptime)
  }

  /// Calls `each` with every socket that the kernel lists for `request`.
  ///
  /// A dump is not a snapshot: sockets that appear or disappear meanwhile can be missing or listed
  /// twice. If this throws, discard the rows so far. `each` must not close anything.
  ///
  /// A kernel refuses bytecode with unknown instructions (`EINVAL`), or with marks if CAP_NET_ADMIN is
  /// missing (`EPERM`). connreap then tries weaker bytecode, and finally none, which lists more sockets,
  /// never fewer. If the kernel refuses to list both families at once, each is requested in turn.
  ///
  /// - Returns: the request that the kernel accepted.
  @discardableResult
  public mutating func dump(
    _ request: DumpRequest, each: (Connection) -> Void
  ) throws(NetlinkProblem) -> DumpRequest {
    let row = row.answering(request)
    return try dumpRows(request) { (datagram, payload) throws(NetlinkProblem) in
      each(try row.decode(datagram, payload))
    }
  }

  /// Calls `each` with the family and state of every socket that the kernel lists for `request`.
  ///
  /// This is the cheapest way to count. Otherwise it behaves like ``dump(_:each:)``.
  @discardableResult
  public mutating func dumpStates(
    _ request: DumpRequest, each: (AddressFamily, TCPState) -> Void
  ) throws(NetlinkProblem) -> DumpRequest {
    let closedMeans = InetDiagRow.meaningOfClosed(in: request)
    return try dumpRows(request) { (datagram, payload) throws(NetlinkProblem) in
      let (family, state) = try InetDiagRow.kind(datagram, payload, closedMeans: closedMeans)
      each(family, state)
    }
  }

  private mutating func dumpRows(
    _ request: DumpRequest, each: (Span<UInt8>, Range<Int>) throws(NetlinkProblem) -> Void
  ) throws(NetlinkProblem) -> DumpRequest {
    var request = request
    while true {
      var hasRows = false
      do throws(NetlinkProblem) {
        try conversation.dump(type: request.messageType, payload: request.payload) {
          (datagram, payload) throws(NetlinkProblem) in
          hasRows = true
          try each(datagram, payload)
        }
        return request
      } catch {
        guard !hasRows else { throw error }
        if error.mayMeanBytecode, let next = request.forOlderKernel {
          request = next
        } else if request.families == .both, error.mayMeanBothFamilies {
          return try dumpEachFamily(request, each: each)
        } else {
          throw error
        }
      }
    }
  }

  /// Requests the families of `request` in turn. A kernel that refuses the bytecode for the first
  /// family also refuses it for the second.
  private mutating func dumpEachFamily(
    _ request: DumpRequest, each: (Span<UInt8>, Range<Int>) throws(NetlinkProblem) -> Void
  ) throws(NetlinkProblem) -> DumpRequest {
    var bytecode = request.bytecode
    for family in request.families.members {
      let part = DumpRequest(
        family: family, states: request.states, details: request.details, bytecode: bytecode)
      bytecode = try dumpRows(part, each: each).bytecode
    }
    return DumpRequest(
      families: request.families, states: request.states, details: request.details,
      bytecode: bytecode)
  }

  /// The current row of the socket with `identity`.
  ///
  /// - Parameter details: the attributes to request.
  /// - Returns: nil when the kernel finds no such socket (`ENOENT`). That alone does not prove that
  ///   it is gone: the kernel may not find a listener that shares its port by its addresses.
  public mutating func lookUp(
    _ identity: SocketIdentity, details: DumpRequest.Details = .figures
  ) throws(NetlinkProblem) -> Connection? {
    let row = row
    let found: Connection
    do {
      found = try conversation.lookUp(
        type: UInt16(SOCK_DIAG_BY_FAMILY),
        payload: DumpRequest.payload(for: identity, details: details)
      ) { (datagram, payload) throws(NetlinkProblem) in
        try row.decode(datagram, payload)
      }
    } catch NetlinkProblem.refused(.noSuchFileOrDirectory) {
      return nil
    }
    return found.cookie == identity.cookie ? found : nil
  }

  /// Destroys the socket with the addresses and cookie of `identity` (`SOCK_DESTROY`).
  ///
  /// The program's descriptor stays open.
  ///
  /// - Throws: `refused` with `ENOENT` (no such socket), `EPERM`, or `EOPNOTSUPP` (a kernel
  ///   without `INET_DIAG_DESTROY`, or a TIME_WAIT socket before Linux 5.19). After any other
  ///   error, the socket may have been destroyed.
  public mutating func destroy(_ identity: SocketIdentity) throws(NetlinkProblem) {
    try conversation.command(
      type: UInt16(SOCK_DESTROY), payload: DumpRequest.payload(for: identity))
  }

  /// Tests whether this kernel can destroy sockets, without destroying one.
  ///
  /// It names a socket that cannot exist: both ports are 0. A kernel with `INET_DIAG_DESTROY` answers
  /// `ENOENT`, one without it `EOPNOTSUPP`.
  public mutating func destroySupport() throws(NetlinkProblem) -> DestroySupport {
    guard let cookie = SocketCookie(rawValue: UInt64(Int64.max)) else { return .missing }
    let nowhere = Endpoint(address: IPAddress(v4: 0), port: 0)
    do {
      try destroy(
        SocketIdentity(
          local: nowhere, peer: nowhere, family: .ipv4, interface: 0, cookie: cookie))
      return .supported
    } catch NetlinkProblem.refused(.noSuchFileOrDirectory) {
      return .supported
    } catch NetlinkProblem.refused(.notSupportedOnSocket), NetlinkProblem.refused(.invalidArgument)
    {
      return .missing
    }
  }
}

extension NetlinkProblem {
  /// Whether the kernel may have refused the bytecode.
  fileprivate var mayMeanBytecode: Bool {
    switch self {
    case .refused(.invalidArgument), .refused(.notPermitted): true
    default: false
    }
  }

  /// Whether the kernel may have refused to list both families at once, or a recording has only a
  /// dump of each.
  fileprivate var mayMeanBothFamilies: Bool {
    switch self {
    case .refused, .notRecorded: true
    default: false
    }
  }
}

/// Whether a kernel can destroy sockets.
public enum DestroySupport: Equatable, Sendable {
  /// The kernel has `INET_DIAG_DESTROY`.
  case supported
  /// The kernel was built without it, or is older than Linux 4.5.
  case missing
}
