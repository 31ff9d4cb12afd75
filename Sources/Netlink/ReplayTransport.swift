import CLinuxDiag
import Glibc
import SystemPackage

/// Answers requests from a recording, without a kernel.
///
/// The first unused recorded request that matches provides the answer. Dumps match if their type
/// and address family are the same; the caller filters rows again. A recorded dump of both families
/// (`TCPDIAG_GETSOCK`) also answers dumps of one family. Other requests must have the same type,
/// flags and payload. Datagrams with several requests, as closing sends, are not answered.
public final class ReplayTransport: NetlinkTransport {
  private var exchanges: [Exchange]
  private var current: Exchange?

  private struct Exchange {
    let request: [UInt8]
    /// The family whose rows these are, if they come from a recorded dump of both.
    var family: UInt8?
    var answers: [Recording.Entry] = []

    /// The request that it answers.
    var key: RequestKey? {
      let key = RequestKey(request)
      return family.flatMap { key?.parts[$0] } ?? key
    }
  }

  /// Creates a transport that answers from `recording`.
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
    guard let key = RequestKey(datagram), let index = exchangeIndex(for: key) else {
      throw .notRecorded
    }
    var exchange = exchanges.remove(at: index)
    let (recorded, asked) = (RequestKey.sequence(exchange.request), RequestKey.sequence(datagram))
    for index in exchange.answers.indices {
      exchange.answers[index] = exchange.answers[index].renumbered(from: recorded, to: asked)
    }
    current = exchange
  }

  /// The index of the exchange that answers `key`. Splits a dump of both families if necessary.
  private func exchangeIndex(for key: RequestKey) -> Int? {
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

/// The parts of a request that must match a recorded one.
private struct RequestKey: Equatable {
  private let bytes: [UInt8]

  private init(type: UInt16, family: UInt8) {
    var bytes: [UInt8] = []
    bytes.appendNative(type)
    bytes.appendNative(UInt16(NLM_F_REQUEST | NLM_F_DUMP))
    self.bytes = bytes + [family]
  }

  /// For a dump of both families, the keys of the dumps of each family.
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
  /// The entry with only the rows of `family`; nil if nothing is left.
  ///
  /// Messages that are not rows, and unreadable ones, are kept.
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

  /// The entry with the messages of request `old` renumbered to request `new`.
  ///
  /// Others keep their number: a wrong number is part of the recording.
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
