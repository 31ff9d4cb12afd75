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
}
