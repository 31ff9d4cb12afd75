import Connections
import DescriptorActions
import Reaping
import Testing

@testable import ConnreapCommands
@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// The summary line of a run.
@Suite struct OutcomeCountsTests {
  private static let change = KeepaliveChange(
    old: KeepaliveState(isOn: false, idle: 7200, interval: 75, count: 9, userTimeout: 0),
    new: KeepaliveState(isOn: true, idle: 60, interval: 10, count: 6, userTimeout: 0))

  static func outcome(
    _ result: Outcome.Result, from local: UInt16 = 1, to peer: UInt16 = 2,
    state: TCPState = .established, method: ClosingMethod = .destroy, namespace: UInt16 = 0
  ) -> Outcome {
    func end(_ port: UInt16) -> Endpoint {
      Endpoint(address: IPAddress(v4: 0x7f00_0001), port: port)
    }
    guard let cookie = SocketCookie(rawValue: UInt64(local) << 16 | UInt64(peer)) else {
      preconditionFailure("a port of 0")
    }
    var connection = Connection(
      identity: SocketIdentity(
        local: end(local), peer: end(peer), family: .ipv4, interface: 0,
        cookie: cookie),
      state: state, inode: 7, userID: 0, receiveQueue: 0, sendQueue: 0,
      timer: ConnectionTimer(kind: .off, expires: 0, retransmits: 0), figures: TCPFigures())
    connection.namespace = namespace
    return Outcome(
      Plan.Step(connection: connection, decision: .close, method: method), result)
  }

  private func line(_ outcomes: Outcome...) -> String { OutcomeCounts(outcomes).line }

  @Test func anEmptyRunShowsThreeZeros() {
    #expect(line() == "closed 0, gone 0, failed 0")
  }

  @Test func otherZeroCountsAreOmitted() {
    #expect(
      line(
        Self.outcome(.closed, from: 1), Self.outcome(.gone, from: 3),
        Self.outcome(.spared(.listener), from: 4), Self.outcome(.failed(.notPermitted), from: 5),
        Self.outcome(.failed(.notDone(.timeIsUp)), from: 6),
        Self.outcome(.unverified(.stillListed(.established)), from: 7))
        == "closed 1, gone 1, failed 1, not done 1, unverified 1, spared 1")
  }

  @Test func bothEndsOfAConnectionCountOnce() {
    let counts = OutcomeCounts([
      Self.outcome(.closed, from: 80, to: 4000), Self.outcome(.gone, from: 4000, to: 80),
    ])
    #expect(
      counts.line == "closed 1, gone 0, failed 0; 1 other end on this machine closed with it")
    #expect(counts.otherEnds == 1)
    #expect([counts.closed, counts.gone] == [1, 1], "the counts include both rows")
  }

  @Test func theOrderOfBothEndsDoesNotMatter() {
    #expect(
      line(Self.outcome(.gone, from: 4000, to: 80), Self.outcome(.closed, from: 80, to: 4000))
        == "closed 1, gone 0, failed 0; 1 other end on this machine closed with it")
  }

  @Test func bothEndsClosedCountOnce() {
    #expect(
      line(
        Self.outcome(.closed, from: 80, to: 1), Self.outcome(.closed, from: 1, to: 80),
        Self.outcome(.closed, from: 80, to: 2), Self.outcome(.gone, from: 2, to: 80))
        == "closed 2, gone 0, failed 0; 2 other ends on this machine closed with them")
  }

  @Test func connectionsThatEndedByThemselvesAreNoOtherEnds() {
    #expect(
      line(
        Self.outcome(.closed, from: 80, to: 1), Self.outcome(.gone, from: 2, to: 80),
        Self.outcome(.gone, from: 3, to: 4), Self.outcome(.gone, from: 4, to: 3))
        == "closed 1, gone 3, failed 0")
  }

  @Test func equalAddressesInAnotherNamespaceAreAnotherConnection() {
    #expect(
      line(
        Self.outcome(.closed, from: 80, to: 1),
        Self.outcome(.gone, from: 1, to: 80, namespace: 1)) == "closed 1, gone 1, failed 0")
  }

  @Test func armedIsNeitherClosedNorFailed() {
    let counts = OutcomeCounts([
      Self.outcome(.spared(.armed(Self.change))),
      Self.outcome(.spared(.listener), from: 3),
    ])
    #expect(counts.line == "armed 1, gone 0, failed 0, spared 1")
    #expect(counts.isSuccess)
  }

  @Test func armedAndClosedAreBothShown() {
    #expect(
      line(Self.outcome(.closed), Self.outcome(.spared(.armed(Self.change)), from: 3))
        == "closed 1, armed 1, gone 0, failed 0")
  }

  @Test func jsonCountsRowsAndOtherEndsSeparately() {
    var json = JSONWriter()
    json.object { json in
      OutcomeCounts([
        Self.outcome(.closed, from: 80, to: 1), Self.outcome(.gone, from: 1, to: 80),
      ]).write(to: &json)
    }
    #expect(
      String(decoding: json.take(), as: UTF8.self) == """
        {"closed":1,"gone":1,"spared":0,"armed":0,"failed":0,"not_done":0,"unverified":0,\
        "other_ends":1}
        """)
  }
}

/// What a program sees, as measured; end-to-end tests check the same against the kernel.
@Suite struct ProgramViewTests {
  private func view(_ method: ClosingMethod, _ state: TCPState) -> String? {
    ProgramView.text(of: OutcomeCountsTests.outcome(.closed, state: state, method: method).step)
  }

  @Test func eachMethodHasItsOwnEffect() {
    #expect(view(.destroy, .established)?.contains("ECONNABORTED, then EOF") == true)
    #expect(view(.destroy, .closeWait)?.contains("read → EOF, as before") == true)
    #expect(view(.shutdown, .established)?.contains("EPIPE") == true)
    #expect(view(.abort, .closeWait)?.contains("ENOTCONN") == true)
  }

  @Test func unmeasuredCasesAreOmitted() {
    #expect(view(.destroy, .listen) == nil)
    #expect(view(.keepalive(.usual), .established) == nil)
  }

  @Test func eachKindOfClosedConnectionIsDescribedOnce() {
    let outcomes = [
      OutcomeCountsTests.outcome(.closed), OutcomeCountsTests.outcome(.closed),
      OutcomeCountsTests.outcome(.gone, state: .closeWait),
    ]
    #expect(
      ProgramView.sentences(after: outcomes) == [
        "The program now sees: read → ECONNABORTED, then EOF; write → EPIPE."
      ])
    let mixed = outcomes + [OutcomeCountsTests.outcome(.closed, state: .closeWait)]
    #expect(ProgramView.sentences(after: mixed).count == 2)
    #expect(ProgramView.sentences(after: mixed)[1].hasPrefix("The program now sees (CLOSE-WAIT): "))
    #expect(ProgramView.sentences(after: []) == [])
  }
}
