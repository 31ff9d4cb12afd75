import CLinuxDiag
import Glibc
import SystemPackage

/// Answers requests with what a recording holds, without a kernel.
///
/// A request is answered by the first recorded one, not used yet, that asks for the same. A dump
/// asks for the same when its type and the first octet of its payload, the address family, are
/// the same: which rows are wanted is judged again by whoever asks. A dump of one family is also
/// answered by its rows of a recorded dump of both (`TCPDIAG_GETSOCK`). Every other request must
/// be the same in type, flags and payload. A datagram of several requests, as is sent when something
/// is closed, is not answered.
public final class ReplayTransport: NetlinkTransport {
  private var exchanges: [Exchange]
  private var current: Exchange?

  private struct Exchange {
    let request: [UInt8]
    /// Of a recorded dump of both families the one whose rows these are.
    var family: UInt8?
    var answers: [Recording.Entry] = []

    /// What it answers.
    var key: RequestKey? {
      let key = RequestKey(request)
      return family.flatMap { key?.parts[$0] } ?? key
    }
  }

  /// Answers with what `recording` holds.
  public init(_ recording: Recording) {
    exchanges = []
    for entry in recording.entries {
      switch entry {
      case .request(let datagram): exchanges.append(Exchange(request: datagram))
      case .answer, .failure:
        if !exchanges.isEmpty { exchanges[exchanges.count - 1].answers.append(entry) }
      }
    }
    for index in exchanges.indices { exchanges[index].answers.reverse() }
  }

  /// Sends one datagram.
  public func send(_ datagram: [UInt8]) throws(NetlinkProblem) {
    guard let key = RequestKey(datagram), let index = place(of: key) else { throw .notRecorded }
    var exchange = exchanges.remove(at: index)
    let (recorded, asked) = (RequestKey.sequence(exchange.request), RequestKey.sequence(datagram))
    for index in exchange.answers.indices {
      exchange.answers[index] = exchange.answers[index].renumbered(from: recorded, to: asked)
    }
    current = exchange
  }

  /// Where the answer to such a request is; a dump of both families is made two for it.
  private func place(of key: RequestKey) -> Int? {
    if let index = exchanges.firstIndex(where: { $0.key == key }) { return index }
    guard
      let whole = exchanges.firstIndex(where: { $0.key?.parts.values.contains(key) == true }),
      let families = exchanges[whole].key?.parts.keys.sorted()
    else { return nil }
    let exchange = exchanges[whole]
    exchanges.replaceSubrange(
      whole...whole,
      with: families.map { family in
        Exchange(
          request: exchange.request, family: family,
          answers: exchange.answers.compactMap { $0.withRows(of: family) })
      })
    return exchanges.firstIndex { $0.key == key }
  }

  /// Receives one datagram.
  public func receive(into buffer: inout [UInt8]) throws(NetlinkProblem) -> ReceivedDatagram {
    switch current?.answers.popLast() {
    case .answer(let bytes, let senderPort, let isTruncated):
      let count = min(bytes.count, buffer.count)
      buffer.replaceSubrange(..<count, with: bytes[..<count])
      return ReceivedDatagram(
        count: count, senderPort: senderPort, isTruncated: isTruncated || count < bytes.count)
    case .failure(.noBufferSpace): throw .overrun
    case .failure(let errno): throw .cannotReceive(errno)
    case .request, nil: throw .notRecorded
    }
  }
}

/// What two requests must have in common to be the same question.
private struct RequestKey: Equatable {
  private let bytes: [UInt8]

  private init(type: UInt16, family: UInt8) {
    var bytes: [UInt8] = []
    bytes.appendNative(type)
    bytes.appendNative(UInt16(NLM_F_REQUEST | NLM_F_DUMP))
    self.bytes = bytes + [family]
  }

  /// What asks for a part of what this asks for, by the family of its rows: this is a dump of the
  /// sockets of both.
  var parts: [UInt8: RequestKey] {
    guard bytes == RequestKey(type: UInt16(TCPDIAG_GETSOCK), family: UInt8(AF_UNSPEC)).bytes else {
      return [:]
    }
    return Dictionary(
      uniqueKeysWithValues: [UInt8(AF_INET), UInt8(AF_INET6)].map {
        ($0, RequestKey(type: UInt16(SOCK_DIAG_BY_FAMILY), family: $0))
      })
  }

  init?(_ datagram: [UInt8]) {
    var offset = 0
    guard let message = try? NetlinkMessage.read(from: datagram.span, at: &offset),
      offset == datagram.count, let family = datagram[message.payload].first
    else { return nil }
    var bytes = Array(datagram[4..<8])
    if message.flags & UInt16(NLM_F_DUMP) == UInt16(NLM_F_DUMP) {
      bytes.append(family)
    } else {
      bytes.append(contentsOf: datagram[message.payload])
    }
    self.bytes = bytes
  }

  static func sequence(_ datagram: [UInt8]) -> UInt32 { datagram.span.uint32(at: 8) }
}

extension Recording.Entry {
  /// The entry without the rows of other families than `family`, nil when nothing is left of it.
  /// Messages that are no row are kept, and so is what cannot be read.
  fileprivate func withRows(of family: UInt8) -> Recording.Entry? {
    guard case .answer(let bytes, let senderPort, let isTruncated) = self else { return self }
    var kept: [UInt8] = []
    var offset = 0
    while offset < bytes.count {
      let start = offset
      guard let message = try? NetlinkMessage.read(from: bytes.span, at: &offset) else {
        kept += bytes[start...]
        break
      }
      let isRow = message.type >= UInt16(NLMSG_MIN_TYPE)
      if !isRow || message.payload.isEmpty || bytes[message.payload.lowerBound] == family {
        kept += bytes[start..<offset]
      }
    }
    guard !kept.isEmpty || bytes.isEmpty else { return nil }
    return .answer(kept, senderPort: senderPort, isTruncated: isTruncated)
  }

  /// The entry with the messages of request `old` made messages of request `new`.
  ///
  /// Others keep their number: a wrong one is part of what was recorded.
  fileprivate func renumbered(from old: UInt32, to new: UInt32) -> Recording.Entry {
    guard old != new, case .answer(var bytes, let senderPort, let isTruncated) = self else {
      return self
    }
    var number: [UInt8] = []
    number.appendNative(new)
    var offset = 0
    while offset < bytes.count {
      let start = offset
      guard let message = try? NetlinkMessage.read(from: bytes.span, at: &offset) else { break }
      if message.sequence == old { bytes.replaceSubrange(start + 8..<start + 12, with: number) }
    }
    return .answer(bytes, senderPort: senderPort, isTruncated: isTruncated)
  }
}
