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

  /// Does `work`, which destroys several sockets one after the other and asks for nothing else: a
  /// transport that raises a capability for that raises it once.
  public mutating func destroyingSeveral(_ work: (inout TCPDiagnostics) -> Void) {
    let transport = conversation.transport
    transport.duringCommands { work(&self) }
  }

  /// Whether a datagram asks to destroy sockets, and for nothing else, by the types of its messages.
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
