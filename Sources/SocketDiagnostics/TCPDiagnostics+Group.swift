import CLinuxDiag
public import Connections
public import Netlink
import SystemPackage

extension TCPDiagnostics {
  /// What the kernel says now of each of the sockets that `identities` name, which are asked for
  /// together.
  ///
  /// - Parameter details: what is asked for beside the plain row.
  /// - Returns: of each, as ``lookUp(_:details:)`` says it: nil when the kernel finds no such
  ///   socket, or how it refused to say.
  /// - Throws: when nothing is known of any of them; this conversation is of no use any more then.
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
