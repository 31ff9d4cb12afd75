import SystemPackage

/// Forwards datagrams and records each of them.
public final class RecordingTransport: NetlinkTransport {
  private let base: any NetlinkTransport
  private let note: (Recording.Entry) -> Void

  /// Creates a transport that forwards to `base` and passes each step to `note`.
  public init(_ base: any NetlinkTransport, note: @escaping (Recording.Entry) -> Void) {
    self.base = base
    self.note = note
  }

  /// Sends one datagram.
  public func send(_ datagram: [UInt8]) throws(NetlinkProblem) {
    try base.send(datagram)
    note(.request(datagram))
  }

  /// Receives one datagram.
  public func receive(into buffer: inout [UInt8]) throws(NetlinkProblem) -> ReceivedDatagram {
    let received: ReceivedDatagram
    do {
      received = try base.receive(into: &buffer)
    } catch {
      switch error {
      case .overrun: note(.failure(.noBufferSpace))
      case .cannotReceive(let errno): note(.failure(errno))
      default: break
      }
      throw error
    }
    note(
      .answer(
        Array(buffer[..<received.count]), senderPort: received.senderPort,
        isTruncated: received.isTruncated))
    return received
  }
}
