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

  /// The netlink family that transports for this type are opened with.
  public static let bus = Int32(NETLINK_SOCK_DIAG)

  /// Talks over `transport`.
  ///
  /// - Parameter uptime: how long the machine has been up, in milliseconds: no time in a row can
  ///   be longer. Nil when that is unknown.
  public init(over transport: any NetlinkTransport, uptime: UInt64?) {
    conversation = NetlinkConversation(over: transport)
    row = InetDiagRow(uptime: uptime)
  }

  /// Hands over every socket that the kernel lists for `request`.
  ///
  /// A dump is no snapshot: sockets that come and go meanwhile may be missing or twice. When this
  /// throws, the rows before are no answer and must be forgotten. `each` closes nothing.
  ///
  /// A kernel that refuses the bytecode of the request, since it is too old to know an instruction
  /// (`EINVAL`) or shows marks to CAP_NET_ADMIN only (`EPERM`), is asked with a weaker one, and at
  /// last without: it lists more sockets then, never fewer. Where both families cannot be asked for
  /// at once, they are one after the other.
  ///
  /// - Returns: the request that the kernel took.
  @discardableResult
  public mutating func dump(
    _ request: DumpRequest, each: (Connection) -> Void
  ) throws(NetlinkProblem) -> DumpRequest {
    let row = row.answering(request)
    return try dumpRows(request) { (datagram, payload) throws(NetlinkProblem) in
      each(try row.decode(datagram, payload))
    }
  }

  /// Hands over the family and the state of every socket that the kernel lists for `request`, and
  /// reads nothing else: the cheapest way to count. For the rest see ``dump(_:each:)``.
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

  /// Asks for the families of `request` one after the other. A kernel that refuses the bytecode for
  /// the first refuses it for the second too.
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

  /// What the kernel says now of the socket that `identity` names.
  ///
  /// - Parameter details: what is asked for beside the plain row.
  /// - Returns: nil when the kernel finds no such socket (`ENOENT`). That alone is no proof that
  ///   it is gone: the listener of a group that shares a port may not be found by its addresses.
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

  /// Destroys the one socket that `identity` names by its addresses and its cookie.
  ///
  /// The kernel's name is `SOCK_DESTROY`. The program's descriptor stays open.
  ///
  /// - Throws: `refused` with `ENOENT` (no such socket), `EPERM`, or `EOPNOTSUPP` (a kernel
  ///   without `INET_DIAG_DESTROY`, or a TIME_WAIT socket before Linux 5.19). After any other
  ///   problem the socket may have been destroyed.
  public mutating func destroy(_ identity: SocketIdentity) throws(NetlinkProblem) {
    try conversation.command(
      type: UInt16(SOCK_DESTROY), payload: DumpRequest.payload(for: identity))
  }

  /// Finds out whether this kernel can destroy sockets, without touching one.
  ///
  /// It asks for a socket that cannot be: both ends on port 0. A kernel that looks for it says
  /// `ENOENT`, and one without `INET_DIAG_DESTROY` says `EOPNOTSUPP`.
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
  /// Whether it is how the kernel refuses a program.
  fileprivate var mayMeanBytecode: Bool {
    switch self {
    case .refused(.invalidArgument), .refused(.notPermitted): true
    default: false
    }
  }

  /// Whether it is how a request for both families is refused, or not found in a recording that
  /// has one of each.
  fileprivate var mayMeanBothFamilies: Bool {
    switch self {
    case .refused, .notRecorded: true
    default: false
    }
  }
}

/// Whether a kernel can destroy sockets.
public enum DestroySupport: Equatable, Sendable {
  /// It was built with `INET_DIAG_DESTROY`.
  case supported
  /// It was not, or is older than Linux 4.5.
  case missing
}
