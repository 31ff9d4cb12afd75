import Netlink
import SystemPackage
import TestSupport
import Testing

/// Several requests in one datagram.
@Suite struct LookUpEachTests {
  private func row(_ sequence: UInt32) -> [UInt8] {
    WireBytes.message(type: 20, sequence: sequence, payload: [UInt8(sequence), 0, 0, 0])
  }

  private typealias Answers = [Result<UInt8, NetlinkProblem>]

  /// Sends three requests and returns the first byte of each answer's payload.
  private func lookUp(_ script: ScriptedTransport.Step...) throws(NetlinkProblem) -> Answers {
    try lookUp(over: ScriptedTransport(script))
  }

  private func lookUp(over transport: ScriptedTransport) throws(NetlinkProblem) -> Answers {
    var conversation = NetlinkConversation(over: transport)
    return try conversation.lookUpEach(type: 20, payloads: [[2, 1], [2, 2, 2], [2, 3, 3, 3]]) {
      (datagram, payload) throws(NetlinkProblem) in
      guard let first = payload.first else {
        throw .malformed(MalformedDatagram(.shortPayload(needed: 1, left: 0), at: 16))
      }
      return datagram[first]
    }
  }

  @Test func requestsShareADatagramAndAreNumbered() throws {
    let transport = ScriptedTransport(row(1), row(2), row(3))
    #expect(try lookUp(over: transport) == [.success(1), .success(2), .success(3)])
    #expect(transport.sent.count == 1)
    let sent = try #require(transport.sent.first)
    var offset = 0
    var read: [[UInt8]] = []
    for sequence in UInt32(1)...3 {
      #expect(offset % 4 == 0)
      let message = try NetlinkMessage.read(from: sent.span, at: &offset)
      #expect(message.type == 20 && message.flags == 1, "REQUEST, without ACK or DUMP")
      #expect(message.sequence == sequence)
      read.append(Array(sent[message.payload]))
    }
    #expect(read == [[2, 1], [2, 2, 2], [2, 3, 3, 3]])
    #expect(offset == sent.count)
  }

  @Test func noRequestsSendNothing() throws {
    let transport = ScriptedTransport()
    var conversation = NetlinkConversation(over: transport)
    let answers = try conversation.lookUpEach(type: 20, payloads: []) { _, _ in 1 }
    #expect(answers.isEmpty)
    #expect(transport.sent.isEmpty)
  }

  @Test func refusalAffectsOnlyItsRequest() throws {
    #expect(
      try lookUp(
        .datagram(row(1)), .datagram(WireBytes.error(-2, sequence: 2)), .datagram(row(3)))
        == [.success(1), .failure(.refused(.noSuchFileOrDirectory)), .success(3)])
  }

  @Test func answersCanShareADatagram() throws {
    let error = WireBytes.error(-12, sequence: 2)
    #expect(
      try lookUp(.datagram(row(1) + error), .datagram(row(3)))
        == [.success(1), .failure(.refused(.noMemory)), .success(3)])
  }

  @Test func answersOutOfOrderAreRejected() {
    #expect(throws: NetlinkProblem.wrongSequence(expected: 2, received: 3)) {
      try lookUp(.datagram(row(1)), .datagram(row(3)), .datagram(row(2)))
    }
    #expect(throws: NetlinkProblem.wrongSequence(expected: 2, received: 1)) {
      try lookUp(.datagram(row(1)), .datagram(row(1)), .datagram(row(2)))
    }
  }

  @Test func extraAnswerIsRejected() {
    #expect(throws: NetlinkProblem.wrongSequence(expected: 4, received: 4)) {
      try lookUp(.datagram(row(1)), .datagram(row(2)), .datagram(row(3) + row(4)))
    }
  }

  @Test func missingAnswerFailsAll() {
    #expect(throws: NetlinkProblem.unfinished) {
      try lookUp(.datagram(row(1)), .datagram(row(2)))
    }
    #expect(throws: NetlinkProblem.unfinished) {
      try lookUp(.datagram(row(1)), .datagram([]), .datagram(row(3)))
    }
  }

  @Test func acknowledgementIsNotAnAnswer() {
    #expect(throws: NetlinkProblem.unfinished) {
      try lookUp(.datagram(row(1)), .datagram(WireBytes.error(0, sequence: 2)), .datagram(row(3)))
    }
  }

  @Test func foreignTruncatedOrLostAnswersFailAll() {
    #expect(throws: NetlinkProblem.foreignSender(port: 42)) {
      try lookUp(.datagram(row(1)), .datagram(row(2), senderPort: 42), .datagram(row(3)))
    }
    #expect(throws: NetlinkProblem.truncated(capacity: 32 * 1024)) {
      try lookUp(.datagram(row(1)), .datagram(row(2), isTruncated: true), .datagram(row(3)))
    }
    #expect(throws: NetlinkProblem.overrun) {
      try lookUp(.datagram(row(1)), .failure(.overrun), .datagram(row(3)))
    }
    #expect(
      throws: NetlinkProblem.malformed(MalformedDatagram(.shortMessageHeader(left: 7), at: 0))
    ) { try lookUp(.datagram(row(1)), .datagram(Array(row(2).prefix(7))), .datagram(row(3))) }
    #expect(
      throws: NetlinkProblem.malformed(MalformedDatagram(.messageLength(20, left: 18), at: 0))
    ) { try lookUp(.datagram(row(1)), .datagram(Array(row(2).prefix(18))), .datagram(row(3))) }
  }

  @Test func errorFromTheReaderFailsAll() {
    #expect(
      throws: NetlinkProblem.malformed(
        MalformedDatagram(.shortPayload(needed: 1, left: 0), at: 16))
    ) {
      try lookUp(
        .datagram(row(1)), .datagram(WireBytes.message(type: 20, sequence: 2)), .datagram(row(3)))
    }
  }

  @Test func numberingContinuesWithTheNextRequest() throws {
    let transport = ScriptedTransport(row(1), row(2), WireBytes.error(0, sequence: 3))
    var conversation = NetlinkConversation(over: transport)
    _ = try conversation.lookUpEach(type: 20, payloads: [[2], [2]]) { _, _ in 1 }
    try conversation.command(type: 21, payload: [7])
    #expect(transport.sent.map { $0.span.uint32(at: 8) } == [1, 3])
  }
}
