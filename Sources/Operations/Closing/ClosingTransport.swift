package import Netlink
import Privileges
import SocketDiagnostics
import SystemPackage

/// A conversation in which the requests to destroy, and they alone, are made with CAP_NET_ADMIN.
///
/// It is raised for each of them or, where several follow one another, once for all: until the last
/// is made nothing else can be asked for.
///
/// The kernel handles a request while it is sent, and asks then for the capability of who sends it
/// and, besides, of who opened the socket. It is the thread that opened the conversation that
/// carries it on.
package final class ClosingTransport: NetlinkTransport {
  private let transport: any NetlinkTransport
  private let closing: RaisableCapabilities
  private var isRaised = false

  /// The conversation that `open` opens with CAP_NET_ADMIN.
  package init(opening open: () throws(NetlinkProblem) -> any NetlinkTransport)
    throws(NetlinkProblem)
  {
    let needs = PrivilegedStep.closing.needs.union(PrivilegedStep.enteringNamespace.needs)
    transport = try OwnPrivileges.raising(needs, open)
    closing = RaisableCapabilities(PrivilegedStep.closing.needs)
  }

  package func send(_ datagram: [UInt8]) throws(NetlinkProblem) {
    guard TCPDiagnostics.isRequestToDestroy(datagram) else {
      guard !isRaised else { throw .cannotSend(.notPermitted) }
      return try transport.send(datagram)
    }
    guard !isRaised else { return try transport.send(datagram) }
    try closing.raising { () throws(NetlinkProblem) in
      try transport.send(datagram)
    }
  }

  package func duringCommands(_ work: () -> Void) {
    closing.raising {
      isRaised = true
      work()
      isRaised = false
    }
  }

  package func receive(into buffer: inout [UInt8]) throws(NetlinkProblem) -> ReceivedDatagram {
    try transport.receive(into: &buffer)
  }
}
