import Netlink
import TestSupport

/// Fuzzer input decoded as datagrams.
///
/// The first byte has flags for transport faults. Datagrams follow, each after its length (16 bits,
/// little-endian). A datagram that is longer than the rest of the input ends with the input.
struct DatagramInput {
  private let faults: UInt8
  private let datagrams: [[UInt8]]

  init(_ bytes: [UInt8]) {
    faults = bytes.first ?? 0
    var datagrams: [[UInt8]] = []
    var rest = bytes.dropFirst()
    while rest.count > 2 {
      let length = Int(rest[rest.startIndex]) | Int(rest[rest.startIndex + 1]) << 8
      let datagram = rest.dropFirst(2).prefix(length)
      datagrams.append(Array(datagram.prefix(NetlinkConversation.bufferSize)))
      rest = rest.dropFirst(2 + datagram.count)
    }
    self.datagrams = datagrams
  }

  /// A transport that delivers the datagrams once.
  var transport: ScriptedTransport {
    var steps = datagrams.enumerated().map { index, datagram in
      let isLast = index == datagrams.count - 1
      return ScriptedTransport.Step.datagram(
        datagram, senderPort: isLast && faults & 1 != 0 ? 4242 : 0,
        isTruncated: isLast && faults & 2 != 0)
    }
    if faults & 4 != 0 { steps.append(.failure(.overrun)) }
    return ScriptedTransport(steps)
  }

  /// The messages up to the first with an invalid length in each datagram.
  private var messages: [(type: Int, flags: Int, sequence: UInt32, payload: [UInt8])] {
    datagrams.flatMap { datagram in
      var messages: [(Int, Int, UInt32, [UInt8])] = []
      var offset = 0
      while offset + 16 <= datagram.count {
        let length = Int(datagram.span.uint32(at: offset))
        guard length >= 16, offset + length <= datagram.count else { break }
        messages.append(
          (
            Int(datagram.span.uint16(at: offset + 4)), Int(datagram.span.uint16(at: offset + 6)),
            datagram.span.uint32(at: offset + 8), Array(datagram[offset + 16..<offset + length])
          ))
        offset += (length + 3) / 4 * 4
      }
      return messages
    }
  }

  /// The payloads of all messages that can be rows.
  var payloads: [[UInt8]] {
    messages.filter { !(1...4).contains($0.type) }.map(\.payload)
  }

  /// Whether the input has the end of a dump, and all messages before it are consistent and answer
  /// the first request.
  var hasWholeDump: Bool {
    let messages = messages
    guard let end = messages.firstIndex(where: { $0.type == 3 }) else { return false }
    return messages[...end].allSatisfy { $0.flags & 0x10 == 0 && $0.sequence == 1 }
  }

  /// Whether the first message acknowledges the first request.
  var isAcknowledged: Bool {
    guard let first = messages.first else { return false }
    return first.type == 2 && first.sequence == 1 && first.payload.starts(with: [0, 0, 0, 0])
  }
}
