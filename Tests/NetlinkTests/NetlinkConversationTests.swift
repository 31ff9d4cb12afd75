import Netlink
import SystemPackage
import TestSupport
import Testing

@Suite struct NetlinkConversationTests {
  private let row = WireBytes.message(type: 20, payload: [1, 2, 3, 4])

  /// The payloads of a dump that `script` answers.
  private func dump(_ script: ScriptedTransport.Step...) throws(NetlinkProblem) -> [[UInt8]] {
    var conversation = NetlinkConversation(over: ScriptedTransport(script))
    var payloads: [[UInt8]] = []
    try conversation.dump(type: 20, payload: [2]) { datagram, payload in
      payloads.append(payload.map { datagram[$0] })
    }
    return payloads
  }

  @Test func dumpReturnsAllMessagesUpToDone() throws {
    let payloads = try dump(.datagram(row + row), .datagram(row + WireBytes.done()))
    #expect(payloads == [[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]])
  }

  @Test func emptyDumpIsValid() throws {
    #expect(try dump(.datagram(WireBytes.done())) == [])
    #expect(try dump(.datagram(WireBytes.message(type: 3))) == [], "DONE without a number")
  }

  @Test func negativeNumberInDoneIsAnError() {
    // A kernel without tcp_diag answers this way. libmnl's own loop would report an empty machine.
    #expect(throws: NetlinkProblem.refused(.noSuchFileOrDirectory)) {
      try dump(.datagram(WireBytes.done(-2)))
    }
  }

  @Test func errorInTheMiddleFailsTheDump() {
    #expect(throws: NetlinkProblem.refused(.resourceBusy)) {
      try dump(.datagram(row + WireBytes.error(-16) + row), .datagram(WireBytes.done()))
    }
  }

  @Test(arguments: [1, -5000, Int32.min, Int32.max])
  func impossibleErrnoIsMalformed(code: Int32) {
    #expect {
      try dump(.datagram(WireBytes.error(code)))
    } throws: { error in
      if case .malformed(let fault) = error as? NetlinkProblem {
        fault.fault == .impossibleValue(UInt64(UInt32(bitPattern: code)))
      } else {
        false
      }
    }
  }

  @Test func errorWithoutItsNumberIsMalformed() {
    #expect(
      throws: NetlinkProblem.malformed(
        MalformedDatagram(.shortPayload(needed: 4, left: 2), at: 16))
    ) { try dump(.datagram(WireBytes.message(type: 2, payload: [1, 2]))) }
  }

  @Test func messagesForOtherRequestsAreRejected() {
    #expect(throws: NetlinkProblem.wrongSequence(expected: 1, received: 2)) {
      try dump(.datagram(WireBytes.message(type: 20, sequence: 2, payload: [1])))
    }
  }

  @Test func datagramsFromOtherProgramsAreRejected() {
    #expect(throws: NetlinkProblem.foreignSender(port: 4242)) {
      try dump(.datagram(row + WireBytes.done(), senderPort: 4242))
    }
  }

  @Test func truncatedDatagramIsAnError() {
    #expect(throws: NetlinkProblem.truncated(capacity: 32 * 1024)) {
      try dump(.datagram(row, isTruncated: true))
    }
  }

  @Test func inconsistentDumpFailsAtItsEnd() {
    let marked = WireBytes.message(type: 20, flags: 2 | 0x10, payload: [1, 2, 3, 4])
    #expect(throws: NetlinkProblem.interrupted) {
      try dump(.datagram(marked + row), .datagram(WireBytes.done()))
    }
  }

  @Test func dumpWithoutItsEndIsAnError() {
    #expect(throws: NetlinkProblem.unfinished) { try dump(.datagram(row)) }
    #expect(throws: NetlinkProblem.unfinished) { try dump(.datagram([])) }
  }

  @Test func errorFromTheReaderEndsTheDump() {
    let transport = ScriptedTransport(row + WireBytes.done())
    var conversation = NetlinkConversation(over: transport)
    #expect(throws: NetlinkProblem.unfinished) {
      try conversation.dump(type: 20, payload: [2]) { _, _ throws(NetlinkProblem) in
        throw .unfinished
      }
    }
  }

  @Test func requestsAreNumberedFromOne() throws {
    let transport = ScriptedTransport(
      WireBytes.error(0, sequence: 1), WireBytes.error(0, sequence: 2))
    var conversation = NetlinkConversation(over: transport)
    try conversation.command(type: 21, payload: [7])
    try conversation.command(type: 21, payload: [8])
    #expect(transport.sent.map { $0.span.uint32(at: 8) } == [1, 2])
    #expect(transport.sent.map { $0.span.uint16(at: 6) } == [5, 5], "REQUEST and ACK")
  }

  @Test func onlyAnAcknowledgementCompletesACommand() {
    func command(_ answer: [UInt8]) throws(NetlinkProblem) {
      var conversation = NetlinkConversation(over: ScriptedTransport(answer))
      try conversation.command(type: 21, payload: [7])
    }
    #expect(throws: NetlinkProblem.refused(.notPermitted)) { try command(WireBytes.error(-1)) }
    #expect(throws: NetlinkProblem.unfinished) { try command(row) }
    #expect(throws: NetlinkProblem.wrongSequence(expected: 1, received: 9)) {
      try command(WireBytes.error(0, sequence: 9))
    }
  }

  @Test func lookUpReturnsOneMessageOrAnError() throws {
    func lookUp(_ answer: [UInt8]) throws(NetlinkProblem) -> Int {
      var conversation = NetlinkConversation(over: ScriptedTransport(answer))
      return try conversation.lookUp(type: 20, payload: [2]) { _, payload in payload.count }
    }
    #expect(try lookUp(row) == 4)
    #expect(throws: NetlinkProblem.refused(.noSuchFileOrDirectory)) {
      try lookUp(WireBytes.error(-2))
    }
    #expect(throws: NetlinkProblem.unfinished) { try lookUp(WireBytes.error(0)) }
  }

  @Test func onlyTransientProblemsAllowARetry() {
    let transient: [NetlinkProblem] = [
      .overrun, .truncated(capacity: 1), .interrupted, .refused(.resourceBusy),
      .wrongSequence(expected: 1, received: 2), .foreignSender(port: 3),
    ]
    let permanent: [NetlinkProblem] = [
      .refused(.noSuchFileOrDirectory), .refused(.notPermitted), .cannotOpen(.notPermitted),
      .unfinished, .notRecorded, .malformed(MalformedDatagram(.impossibleValue(1), at: 0)),
    ]
    #expect(transient.filter { !$0.isTransient } == [])
    #expect(permanent.filter { $0.isTransient } == [])
  }
}
