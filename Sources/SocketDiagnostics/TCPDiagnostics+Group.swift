import CLinuxDiag
public import Connections
public import Netlink
import SystemPackage

extension TCPDiagnostics {
  /// Looks up the sockets with `identities` in one datagram.
  ///
  /// - Parameter details: the attributes to request.
  /// - Returns: for each, the same as ``lookUp(_:details:)``: nil when the kernel finds no such
  ///   socket, or the kernel's refusal.
  /// - Throws: when nothing is known about any of them; this conversation is unusable afterwards.
  public mutating func lookUp(
    _ identities: [SocketIdentity], details: DumpRequest.Details = .figures
  ) throws(NetlinkProblem) -> [Result<Connection?, NetlinkProblem>] {
    let row = row
    let answers = try conversation.lookUpEach(
      type: UInt16(SOCK_DIAG_BY_FAMILY),
      payloads: identities.map { DumpRequest.payload(for: $0, details: details) }
    ) { (datagram, payload) throws(NetlinkProblem) in
      try row.decode(datagram, payload)
    }
    return zip(identities, answers).map { identity, answer in
      switch answer {
      case .success(let found): .success(found.cookie == identity.cookie ? found : nil)
      case .failure(.refused(.noSuchFileOrDirectory)): .success(nil)
      case .failure(let problem): .failure(problem)
      }
    }
  }

  /// Runs `work`, which only destroys sockets, so that a transport raises its capability once for
  /// all of them.
  public mutating func destroyingSeveral(_ work: (inout TCPDiagnostics) -> Void) {
    let transport = conversation.transport
    transport.duringCommands { work(&self) }
  }

  /// Whether a datagram contains only requests to destroy sockets, judging by the message types.
  public static func isRequestToDestroy(_ datagram: [UInt8]) -> Bool {
    guard !datagram.isEmpty else { return false }
    var offset = 0
    while offset < datagram.count {
      guard let message = try? NetlinkMessage.read(from: datagram.span, at: &offset),
        message.type == UInt16(SOCK_DESTROY)
      else { return false }
    }
    return true
  }
}
