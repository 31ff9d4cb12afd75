import Connections
import Testing

/// Measured values of the kernel's three times, with the expected results.
@Suite("Idle, stalled and in state")
struct ConnectionIdleTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let row: Connection
    let idle: UInt32?
    let stalled: UInt32?
    var inState: ClosedRange<UInt32>?

    init(
      _ name: String, _ row: Connection, idle: UInt32?, stalled: UInt32?,
      inState: ClosedRange<UInt32>? = nil
    ) {
      testDescription = name
      self.row = row
      self.idle = idle
      self.stalled = stalled
      self.inState = inState
    }
  }

  private static func figures(
    _ sent: UInt32?, _ received: UInt32?, _ acknowledged: UInt32?, unacknowledged: UInt32? = 0
  ) -> TCPFigures {
    TCPFigures(
      sent: sent, received: received, acknowledged: acknowledged, unacknowledged: unacknowledged)
  }

  static let cases: [Case] = [
    Case(
      "new: since the handshake", .row(figures: figures(40, 40, 40)), idle: 40, stalled: 0),
    Case(
      "CLOSE-WAIT: the FIN came 5.8 s ago, no data ever",
      .row(.closeWait, receiveQueue: 1, figures: figures(6892, 6892, 5820)),
      idle: 6892, stalled: 0, inState: 5820...6892),
    Case(
      "local keepalive probes every second", .row(figures: figures(6916, 6916, 736)),
      idle: 6916, stalled: 0),
    Case(
      "the peer's keepalive probes", .row(figures: figures(7004, 7004, 7004)),
      idle: 7004, stalled: 0),
    Case(
      "the peer's window has just closed: the last accepted data was just sent",
      .row(sendQueue: 4096, timer: .zeroWindowProbe, figures: figures(8, 7500, 8)),
      idle: 8, stalled: 8),
    Case(
      "the window has been closed for 16 minutes: replies to probes acknowledge nothing new",
      .row(
        sendQueue: 2_626_560, timer: .zeroWindowProbe, retransmits: 12,
        figures: figures(952_256, 952_264, 57_000)), idle: 952_256, stalled: 952_256),
    Case(
      "the window is closed, and a probe was just answered",
      .row(
        sendQueue: 100, timer: .zeroWindowProbe, figures: figures(952_256, 952_264, 0)),
      idle: 952_256, stalled: 952_256),
    Case(
      "the window is closed in one direction, and data moves in the other",
      .row(sendQueue: 100, timer: .zeroWindowProbe, figures: figures(952_256, 20, 10)),
      idle: 20, stalled: 20),
    Case(
      "the window is closed, and the peer no longer answers",
      .row(sendQueue: 100, timer: .zeroWindowProbe, figures: figures(5000, 20, 90_000)),
      idle: 20, stalled: 90_000),
    Case(
      "the window is closed, and the last send time is unknown",
      .row(sendQueue: 100, timer: .zeroWindowProbe, figures: figures(nil, 900, 70)),
      idle: 70, stalled: 70),
    Case(
      "the window is closed, and the acknowledgement time is unknown",
      .row(sendQueue: 100, timer: .zeroWindowProbe, figures: figures(800, 900, nil)),
      idle: 800, stalled: 800),
    Case(
      "a probe timer without queued data does not mean a closed window",
      .row(timer: .zeroWindowProbe, figures: figures(800, 900, 5)), idle: 800, stalled: 0),
    Case(
      "the peer is gone, 100 bytes unacknowledged: each retransmission renews the send time",
      .row(sendQueue: 100, figures: figures(164, 10272, 10272, unacknowledged: 1)),
      idle: 10272, stalled: 10272),
    Case(
      "in flight only according to tcp_info",
      .row(figures: figures(164, 10272, 9000, unacknowledged: 1)),
      idle: 9000, stalled: 9000),
    Case(
      "it receives while its own data is stalled",
      .row(sendQueue: 100, figures: figures(164, 50, 10272)), idle: 50, stalled: 10272),
    Case(
      "sent long ago, received recently", .row(figures: figures(9000, 20, 20)), idle: 20,
      stalled: 0),
    Case(
      "SYN-SENT: the times count from boot",
      .row(.synSent, figures: figures(917_584, 917_584, 917_584)), idle: nil, stalled: nil),
    Case("TIME-WAIT has no figures", .row(.timeWait, inode: 0), idle: nil, stalled: nil),
    Case(
      "an orphan in FIN-WAIT-2 has no figures", .row(.finWait2, inode: 0), idle: nil, stalled: nil),
    Case(
      "a listener is never idle", .row(.listen, figures: figures(9, 9, 9)),
      idle: nil, stalled: nil),
    Case("no tcp_info in the dump", .row(.closeWait, sendQueue: 1), idle: nil, stalled: nil),
    Case(
      "the receive time is unknown", .row(figures: figures(5, nil, 5)),
      idle: nil, stalled: 0),
    Case(
      "the send time is unknown", .row(figures: figures(nil, 5, 5)),
      idle: nil, stalled: 0),
    Case(
      "the send time is unknown but not needed",
      .row(sendQueue: 1, figures: figures(nil, 50, 70)), idle: 50, stalled: 70),
    Case(
      "in flight, and the acknowledgement time is unknown",
      .row(.closeWait, sendQueue: 1, figures: figures(5, 5, nil)), idle: nil, stalled: nil),
    Case(
      "it is unknown whether data is in flight",
      .row(figures: figures(5, 5, 5, unacknowledged: nil)), idle: nil, stalled: nil),
  ]

  @Test(arguments: cases)
  func times(_ example: Case) {
    #expect(example.row.idle == example.idle)
    #expect(example.row.stalled == example.stalled)
    if let bounds = example.inState {
      #expect(example.row.inStateAtLeast == bounds.lowerBound)
      #expect(example.row.inStateAtMost == bounds.upperBound)
    } else if example.row.state != .closeWait {
      #expect(example.row.inStateAtLeast == nil)
      #expect(example.row.inStateAtMost == nil)
    }
  }

  @Test("The two bounds for CLOSE-WAIT are independent")
  func bounds() {
    let onlyAcknowledged = Connection.row(.closeWait, figures: Self.figures(nil, nil, 5820))
    #expect(onlyAcknowledged.inStateAtLeast == 5820)
    #expect(onlyAcknowledged.inStateAtMost == nil)
    let onlyReceived = Connection.row(.closeWait, figures: Self.figures(nil, 6892, nil))
    #expect(onlyReceived.inStateAtLeast == nil)
    #expect(onlyReceived.inStateAtMost == 6892)
  }

  @Test("Only synchronized states can be idle", arguments: TCPState.allCases)
  func states(state: TCPState) {
    let row = Connection.row(state, figures: Self.figures(70, 60, 50))
    #expect(row.idle == (state.isSynchronized ? 60 : nil))
    #expect(row.hasDataInFlight == (state.isSynchronized ? false : nil))
  }
}
