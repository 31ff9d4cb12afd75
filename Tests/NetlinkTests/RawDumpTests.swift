import SystemPackage
import TestSupport
import Testing

@testable import Netlink

/// Reading and replaying the files of `ss -D`.
@Suite struct RawDumpTests {
  private func row(_ cookie: UInt64, family: UInt8 = 2, state: UInt8 = 1) -> [UInt8] {
    let socket = FakeSocket(cookie: cookie, inode: 1) {
      $0.family = family
      $0.state = state
      $0.local = [UInt8](repeating: 1, count: family == 2 ? 4 : 16)
      $0.peer = $0.local
    }
    return WireBytes.message(type: 20, sequence: 123_456, payload: socket.row)
  }

  private let done = WireBytes.done(sequence: 123_456)

  /// The cookies in the answer to a dump request.
  private func cookies(
    _ dump: RawDump, family: UInt8, states: UInt32 = .max
  ) throws(NetlinkProblem) -> [UInt64] {
    var request = WireBytes()
    request.raw([family, 6, 0, 0])
    request.u32(states)
    request.zeros(48)
    return try cookies(dump, type: 20, request)
  }

  private func cookies(
    _ dump: RawDump, type: UInt16, _ request: WireBytes
  ) throws(NetlinkProblem) -> [UInt64] {
    var conversation = NetlinkConversation(over: RawDumpTransport(dump))
    var cookies: [UInt64] = []
    try conversation.dump(type: type, payload: request.bytes) {
      (datagram, payload) throws(NetlinkProblem) in
      cookies.append(datagram.uint64(at: payload.lowerBound + 44))
    }
    return cookies
  }

  @Test func rowsAreSelectedByFamilyAndState() throws {
    let bytes = row(1) + row(2, state: 10) + done + row(3, family: 10) + row(4, family: 10) + done
    #expect(RawDump.isStart(of: bytes))
    let dump = try RawDump(bytes)
    #expect(try cookies(dump, family: 2) == [1, 2])
    #expect(try cookies(dump, family: 10) == [3, 4])
    #expect(try cookies(dump, family: 2, states: 1 << 1) == [1])
    #expect(try cookies(dump, family: 2, states: 1 << 10) == [2])
  }

  @Test func bothFamiliesCanBeRequestedAtOnce() throws {
    let dump = try RawDump(row(1) + row(2, state: 10) + done + row(3, family: 10) + done)
    func cookies(states: UInt32) throws -> [UInt64] {
      var request = WireBytes()
      request.zeros(52)
      request.u32(states)
      request.zeros(4)
      return try self.cookies(dump, type: 18, request)
    }
    #expect(try cookies(states: .max) == [1, 2, 3])
    #expect(try cookies(states: 1 << 1) == [1, 3])
    var short = NetlinkConversation(over: RawDumpTransport(dump))
    #expect(throws: NetlinkProblem.notRecorded) {
      try short.dump(type: 18, payload: [UInt8](repeating: 0, count: 59)) { _, _ in }
    }
  }

  @Test func transportAnswersRepeatedly() throws {
    let transport = RawDumpTransport(try RawDump(row(1) + done))
    for _ in 0..<3 {
      var conversation = NetlinkConversation(over: transport)
      var count = 0
      let request = [2, 6, 0, 0, 255, 255, 255, 255] + [UInt8](repeating: 0, count: 48)
      try conversation.dump(type: 20, payload: request) { _, _ in count += 1 }
      #expect(count == 1)
    }
  }

  @Test func dumpWithoutSocketsIsEmpty() throws {
    #expect(RawDump.isStart(of: done))
    #expect(try cookies(RawDump(done + done), family: 2).isEmpty)
  }

  @Test func otherRequestsAreNotAnswered() throws {
    let dump = try RawDump(row(1) + done)
    var conversation = NetlinkConversation(over: RawDumpTransport(dump))
    #expect(throws: NetlinkProblem.notRecorded) {
      try conversation.command(type: 21, payload: [UInt8](repeating: 0, count: 56))
    }
  }

  /// Without the end message, rows can be missing.
  @Test func truncatedDumpIsRejected() throws {
    let whole = row(1) + row(2) + done
    for length in 0..<whole.count {
      #expect(throws: RawDumpProblem.self, "\(length) bytes") {
        try RawDump(Array(whole[..<length]))
      }
    }
    #expect(throws: RawDumpProblem.cutOff(at: whole.count + row(3).count)) {
      try RawDump(whole + row(3))
    }
  }

  @Test func refusedDumpIsNotAnEmptyOne() {
    #expect(throws: RawDumpProblem.refused(.noSuchFileOrDirectory)) {
      try RawDump(WireBytes.done(-2))
    }
    #expect(throws: RawDumpProblem.refused(.resourceBusy)) {
      try RawDump(row(1) + WireBytes.error(-16, sequence: 1))
    }
    #expect(throws: RawDumpProblem.unknownMessage(type: 24, at: 0)) {
      try RawDump(WireBytes.message(type: 24) + done)
    }
  }

  @Test func textIsNotADump() {
    for text in ["", "# connreap recording 1\n", "State Recv-Q Send-Q Local Address:Port"] {
      #expect(!RawDump.isStart(of: Array(text.utf8)))
    }
    var generator = Seeded(3)
    for _ in 0..<500 {
      let bytes = generator.bytes(Int.random(in: 0...200, using: &generator))
      _ = try? RawDump(bytes)
    }
  }
}
