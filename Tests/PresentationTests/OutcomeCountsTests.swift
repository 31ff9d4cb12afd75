import Connections
import DescriptorActions
import PresentationTestSupport
import Reaping
import Testing

@testable import Presentation
@testable import Rendering

/// The summary line of a run.
@Suite struct OutcomeCountsTests {
  private static let change = KeepaliveChange(
    old: KeepaliveState(isOn: false, idle: 7200, interval: 75, count: 9, userTimeout: 0),
    new: KeepaliveState(isOn: true, idle: 60, interval: 10, count: 6, userTimeout: 0))

  private func line(_ outcomes: Outcome...) -> String { OutcomeCounts(outcomes).line }

  @Test func anEmptyRunShowsThreeZeros() {
    #expect(line() == "closed 0, gone 0, failed 0")
  }

  @Test func otherZeroCountsAreOmitted() {
    #expect(
      line(
        sampleOutcome(.closed, from: 1), sampleOutcome(.gone, from: 3),
        sampleOutcome(.spared(.listener), from: 4), sampleOutcome(.failed(.notPermitted), from: 5),
        sampleOutcome(.failed(.notDone(.timeoutReached)), from: 6),
        sampleOutcome(.unverified(.stillListed(.established)), from: 7))
        == "closed 1, gone 1, failed 1, not done 1, unverified 1, spared 1")
  }

  @Test func bothEndsOfAConnectionCountOnce() {
    let counts = OutcomeCounts([
      sampleOutcome(.closed, from: 80, to: 4000), sampleOutcome(.gone, from: 4000, to: 80),
    ])
    #expect(
      counts.line == "closed 1, gone 0, failed 0; 1 other end on this machine closed with it")
    #expect(counts.otherEnds == 1)
    #expect([counts.closed, counts.gone] == [1, 1], "the counts include both rows")
  }

  @Test func theOrderOfBothEndsDoesNotMatter() {
    #expect(
      line(sampleOutcome(.gone, from: 4000, to: 80), sampleOutcome(.closed, from: 80, to: 4000))
        == "closed 1, gone 0, failed 0; 1 other end on this machine closed with it")
  }

  @Test func bothEndsClosedCountOnce() {
    #expect(
      line(
        sampleOutcome(.closed, from: 80, to: 1), sampleOutcome(.closed, from: 1, to: 80),
        sampleOutcome(.closed, from: 80, to: 2), sampleOutcome(.gone, from: 2, to: 80))
        == "closed 2, gone 0, failed 0; 2 other ends on this machine closed with them")
  }

  @Test func connectionsThatEndedByThemselvesAreNoOtherEnds() {
    #expect(
      line(
        sampleOutcome(.closed, from: 80, to: 1), sampleOutcome(.gone, from: 2, to: 80),
        sampleOutcome(.gone, from: 3, to: 4), sampleOutcome(.gone, from: 4, to: 3))
        == "closed 1, gone 3, failed 0")
  }

  @Test func equalAddressesInAnotherNamespaceAreAnotherConnection() {
    #expect(
      line(
        sampleOutcome(.closed, from: 80, to: 1),
        sampleOutcome(.gone, from: 1, to: 80, namespace: 1)) == "closed 1, gone 1, failed 0")
  }

  @Test func armedIsNeitherClosedNorFailed() {
    let counts = OutcomeCounts([
      sampleOutcome(.spared(.armed(Self.change))),
      sampleOutcome(.spared(.listener), from: 3),
    ])
    #expect(counts.line == "armed 1, gone 0, failed 0, spared 1")
    #expect(counts.isSuccess)
  }

  @Test func armedAndClosedAreBothShown() {
    #expect(
      line(sampleOutcome(.closed), sampleOutcome(.spared(.armed(Self.change)), from: 3))
        == "closed 1, armed 1, gone 0, failed 0")
  }

  @Test func jsonCountsRowsAndOtherEndsSeparately() {
    var json = JSONWriter()
    json.object { json in
      OutcomeCounts([
        sampleOutcome(.closed, from: 80, to: 1), sampleOutcome(.gone, from: 1, to: 80),
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
    ProgramView.text(of: sampleOutcome(.closed, state: state, method: method).step)
  }

  @Test func eachMethodHasItsOwnEffect() {
    #expect(view(.destroy, .established)?.contains("ECONNABORTED, then EOF") == true)
    #expect(view(.destroy, .closeWait)?.contains("read → EOF, as before") == true)
    #expect(view(.shutdown, .established)?.contains("EPIPE") == true)
    #expect(view(.abort, .closeWait)?.contains("ENOTCONN") == true)
  }

  @Test func unmeasuredCasesAreOmitted() {
    #expect(view(.destroy, .listen) == nil)
    #expect(view(.keepalive(.standard), .established) == nil)
  }

  @Test func eachKindOfClosedConnectionIsDescribedOnce() {
    let outcomes = [
      sampleOutcome(.closed), sampleOutcome(.closed),
      sampleOutcome(.gone, state: .closeWait),
    ]
    #expect(
      ProgramView.sentences(after: outcomes) == [
        "The program now sees: read → ECONNABORTED, then EOF; write → EPIPE."
      ])
    let mixed = outcomes + [sampleOutcome(.closed, state: .closeWait)]
    #expect(ProgramView.sentences(after: mixed).count == 2)
    #expect(ProgramView.sentences(after: mixed)[1].hasPrefix("The program now sees (CLOSE-WAIT): "))
    #expect(ProgramView.sentences(after: []) == [])
  }
}
