import Netlink
import SystemPackage
import TestSupport
import Testing

@Suite struct RecordingTests {
  private func read(_ text: String) throws(RecordingProblem) -> Recording {
    try Recording(text: Array(text.utf8))
  }

  @Test func parsesEveryKindOfLine() throws {
    let recording = try read(
      """
      # connreap recording 1
      ! kernel 6.18.44 of some build
      ! uptime-ms 5230112
      # a dump
      > 4800 0000
        14000103
      < 6c000000 14000200

      < truncated ff
      < sender=4242 01
      < errno=105

      """)
    #expect(recording.fact("kernel") == "6.18.44 of some build")
    #expect(recording.fact("uptime-ms") == "5230112")
    #expect(recording.fact("boot-id") == nil)
    #expect(
      recording.entries == [
        .request([0x48, 0, 0, 0, 0x14, 0, 1, 3]),
        .answer([0x6c, 0, 0, 0, 0x14, 0, 2, 0]),
        .answer([0xff], isTruncated: true),
        .answer([1], senderPort: 4242),
        .failure(.noBufferSpace),
      ])
  }

  /// Copying the datagram for each line would move hundreds of gigabytes here.
  @Test func longDatagramIsParsedInLinearTime() throws {
    let lines = 200_000
    let line = Array((" " + String(repeating: "ab", count: 32) + "\n").utf8)
    var text = Array("# connreap recording 1\n< 00\n".utf8)
    for _ in 0..<lines { text += line }
    let clock = ContinuousClock()
    let start = clock.now
    let recording = try Recording(text: text)
    #expect(clock.now - start < .seconds(60))
    #expect(recording.entries == [.answer([0] + [UInt8](repeating: 0xab, count: lines * 32))])
  }

  @Test func textRoundTripsEveryRecording() throws {
    var random = Seeded(2)
    for _ in 0..<200 {
      var recording = Recording()
      recording.facts = [.init("boot-id", "b-\(random.next())")]
      for _ in 0..<Int.random(in: 0...6, using: &random) {
        let bytes = random.bytes(Int.random(in: 1...200, using: &random))
        switch Int.random(in: 0...3, using: &random) {
        case 0: recording.entries.append(.request(bytes))
        case 1: recording.entries.append(.answer(bytes))
        case 2: recording.entries.append(.answer(bytes, senderPort: 7, isTruncated: true))
        default: recording.entries.append(.failure(.noBufferSpace))
        }
      }
      #expect(try Recording(text: recording.text) == recording)
    }
  }

  @Test func trailingCarriageReturnsAreIgnored() throws {
    let recording = try read("# connreap recording 1\r\n! boot-id b\r\r\n! kernel \r\r\n< 00\r\n")
    #expect(recording.facts == [.init("boot-id", "b"), .init("kernel", "")])
    #expect(recording.entries == [.answer([0])])
    #expect(try Recording(text: recording.text) == recording)
  }

  @Test(arguments: [
    ("", "line 1: not a connreap recording"),
    ("# connreap recording 9\n", "line 1: unsupported recording version 9"),
    (
      "# connreap recording 1\nhello\n",
      "line 2: a line must start with '#', '!', '>', '<' or a space"
    ),
    (
      "# connreap recording 1\n 00\n",
      "line 2: continuation line without a datagram before it"
    ),
    ("# connreap recording 1\n> 0\n", "line 2: \"0\" is not hexadecimal"),
    ("# connreap recording 1\n> 00\n  zz\n", "line 3: \"zz\" is not hexadecimal"),
    (
      "# connreap recording 1\n< sender=x 00\n",
      "line 2: unknown mark \"sender=x\"; use truncated, sender= or errno="
    ),
    ("# connreap recording \u{7}\n", #"line 1: unsupported recording version \u{7}"#),
    (
      "# connreap recording 1\n> \u{1b}]0;x\n",
      #"line 2: "\u{1b}]0;x" is not hexadecimal"#
    ),
    (
      "# connreap recording 1\n< \u{202e}=1\n",
      #"line 2: unknown mark "\u{202e}=1"; use truncated, sender= or errno="#
    ),
  ])
  func errorsNameTheirLine(text: String, message: String) {
    #expect {
      try read(text)
    } throws: { error in
      "\(error)" == message
    }
  }
}

@Suite struct ReplayTests {
  private let row = WireBytes.message(type: 20, sequence: 1, payload: [1, 2, 3, 4])

  private func request(_ payload: [UInt8], flags: UInt16, sequence: UInt32 = 1) -> [UInt8] {
    NetlinkMessage.request(type: 20, flags: flags, sequence: sequence, payload: payload)
  }

  private func dump(_ family: UInt8, over transport: any NetlinkTransport) throws(NetlinkProblem)
    -> Int
  {
    var conversation = NetlinkConversation(over: transport)
    var count = 0
    try conversation.dump(type: 20, payload: [family, 6]) { _, _ in count += 1 }
    return count
  }

  @Test func recordedAnswersAreReplayedOnce() throws {
    var recording = Recording()
    let scripted = ScriptedTransport(row + row, WireBytes.done())
    let recorder = RecordingTransport(scripted) { recording.entries.append($0) }
    #expect(try dump(2, over: recorder) == 2)
    #expect(recording.entries.count == 3)
    let replay = ReplayTransport(try Recording(text: recording.text))
    #expect(try dump(2, over: replay) == 2)
    #expect(throws: NetlinkProblem.notRecorded) { try dump(2, over: replay) }
  }

  @Test func severalRequestsInOneDatagramAreNotAnswered() throws {
    let first = request([2, 6], flags: 1)
    let both = first + [0, 0] + request([2, 7], flags: 1, sequence: 2)
    var recording = Recording()
    recording.entries = [.request(both), .answer(row), .request(first), .answer(row)]
    let replay = ReplayTransport(recording)
    #expect(throws: NetlinkProblem.notRecorded) { try replay.send(both) }
    var conversation = NetlinkConversation(over: replay)
    #expect(throws: NetlinkProblem.notRecorded) {
      try conversation.lookUpEach(type: 20, payloads: [[2, 6], [2, 7]]) { _, _ in 1 }
    }
    #expect(throws: Never.self) { try replay.send(first) }
  }

  @Test func dumpsOfOtherFamiliesDoNotMatch() {
    var recording = Recording()
    recording.entries = [.request(request([2, 6], flags: 0x301)), .answer(WireBytes.done())]
    let replay = ReplayTransport(recording)
    #expect(throws: NetlinkProblem.notRecorded) { try dump(10, over: replay) }
    #expect(throws: Never.self) { try dump(2, over: replay) }
  }

  @Test func onlyMessagesOfTheRequestAreRenumbered() throws {
    var recording = Recording()
    let stale = WireBytes.message(type: 20, sequence: 77, payload: [1, 2, 3, 4])
    recording.entries = [
      .request(request([2, 6], flags: 0x301, sequence: 31)),
      .answer(WireBytes.message(type: 20, sequence: 31, payload: [1]) + stale),
    ]
    let replay = ReplayTransport(recording)
    #expect(throws: NetlinkProblem.wrongSequence(expected: 1, received: 77)) {
      try dump(2, over: replay)
    }
  }

  @Test func lookUpsMatchOnlyTheSamePayload() throws {
    var recording = Recording()
    recording.entries = [.request(request([2, 6, 9], flags: 1)), .answer(row)]
    let replay = ReplayTransport(recording)
    var conversation = NetlinkConversation(over: replay)
    #expect(throws: NetlinkProblem.notRecorded) {
      try conversation.lookUp(type: 20, payload: [2, 6, 8]) { _, _ in }
    }
  }

  @Test func faultsAreReplayed() {
    var recording = Recording()
    recording.entries = [
      .request(request([2, 6], flags: 0x301)), .answer(row, isTruncated: true),
      .request(request([2, 6], flags: 0x301)), .failure(.noBufferSpace),
      .request(request([2, 6], flags: 0x301)), .answer(row, senderPort: 9),
    ]
    let replay = ReplayTransport(recording)
    #expect(throws: NetlinkProblem.truncated(capacity: 32 * 1024)) { try dump(2, over: replay) }
    #expect(throws: NetlinkProblem.overrun) { try dump(2, over: replay) }
    #expect(throws: NetlinkProblem.foreignSender(port: 9)) { try dump(2, over: replay) }
  }

  @Test func failuresAreRecorded() {
    var entries: [Recording.Entry] = []
    let recorder = RecordingTransport(ScriptedTransport([.failure(.overrun)])) {
      entries.append($0)
    }
    #expect(throws: NetlinkProblem.overrun) { try dump(2, over: recorder) }
    #expect(entries.last == .failure(.noBufferSpace))
  }

  // MARK: Dumps of both families

  private func rows(
    _ type: UInt16, _ family: UInt8, over transport: any NetlinkTransport
  ) throws(NetlinkProblem) -> [UInt8] {
    var conversation = NetlinkConversation(over: transport)
    var rows: [UInt8] = []
    try conversation.dump(type: type, payload: [family, 0]) { datagram, payload in
      rows.append(datagram[payload.lowerBound + 1])
    }
    return rows
  }

  /// Rows 1 to 4, alternating between the families, in three datagrams. The last has the end.
  private static let both: Recording = {
    func row(_ number: UInt8) -> [UInt8] {
      WireBytes.message(
        type: 18, sequence: 9, payload: [number.isMultiple(of: 2) ? 10 : 2, number, 0, 0])
    }
    var recording = Recording()
    recording.entries = [
      .request(
        NetlinkMessage.request(type: 18, flags: 0x301, sequence: 9, payload: [0, 0, 0, 0])),
      .answer(row(1) + row(2)), .answer(row(3)), .answer(row(4) + WireBytes.done(sequence: 9)),
    ]
    return recording
  }()

  @Test func dumpOfBothFamiliesAnswersTheSameRequest() throws {
    let replay = ReplayTransport(Self.both)
    #expect(try rows(18, 0, over: replay) == [1, 2, 3, 4])
    #expect(throws: NetlinkProblem.notRecorded) { try rows(20, 2, over: replay) }
  }

  @Test func dumpOfBothFamiliesAnswersEachFamilyOnce() throws {
    for families in [[2, 10], [10, 2]] as [[UInt8]] {
      let replay = ReplayTransport(Self.both)
      for family in families {
        #expect(try rows(20, family, over: replay) == (family == 2 ? [1, 3] : [2, 4]))
      }
      for (type, family) in [(20, 2), (20, 10), (18, 0)] as [(UInt16, UInt8)] {
        #expect(throws: NetlinkProblem.notRecorded) { try rows(type, family, over: replay) }
      }
    }
  }

  @Test func dumpOfTheRequestedFamilyIsPreferred() throws {
    var recording = Self.both
    recording.entries += [
      .request(request([10, 6], flags: 0x301)),
      .answer(WireBytes.message(type: 20, payload: [10, 77, 0, 0]) + WireBytes.done()),
    ]
    let replay = ReplayTransport(recording)
    #expect(try rows(20, 10, over: replay) == [77])
    #expect(try rows(20, 10, over: replay) == [2, 4])
    #expect(try rows(20, 2, over: replay) == [1, 3])
  }

  @Test func separateDumpsDoNotAnswerForBothFamilies() {
    var recording = Recording()
    recording.entries = [
      .request(request([2, 6], flags: 0x301)), .answer(WireBytes.done()),
      .request(request([10, 6], flags: 0x301)), .answer(WireBytes.done()),
    ]
    let replay = ReplayTransport(recording)
    #expect(throws: NetlinkProblem.notRecorded) { try rows(18, 0, over: replay) }
  }

  @Test func faultsOfADumpOfBothFamiliesApplyToEach() {
    for (last, problem) in [
      (.failure(.noBufferSpace), .overrun),
      (
        .answer([1, 2, 3], senderPort: 0),
        .malformed(
          MalformedDatagram(.shortMessageHeader(left: 3), at: 0))
      ),
      (.answer([], senderPort: 0), .unfinished),
      (.answer(WireBytes.error(-12, sequence: 9)), .refused(.noMemory)),
    ] as [(Recording.Entry, NetlinkProblem)] {
      var recording = Self.both
      recording.entries[3] = last
      let replay = ReplayTransport(recording)
      for family in [2, 10] as [UInt8] {
        #expect(throws: problem) { try rows(20, family, over: replay) }
      }
    }
  }
}
