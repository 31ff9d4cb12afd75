import Connections
import PolicyEngine
import Selection
import Testing

@Suite struct EvaluationSparingTests {
  @Test func exceptionsExclude() {
    let rows = [SampleRow(peer: "10.0.0.9"), SampleRow(peer: "192.0.2.1")]
    let tenNet = known(AddressBlock(known(IPAddress(text: "10.0.0.0")), prefixLength: 8))
    let found = evaluate(
      rows,
      leakPolicy {
        $0.except = [.term(.port(.either, 1...1)), .term(.address(.peer, tenNet))]
      })[0]
    #expect(found.excludedCount == 1)
    #expect(found.rowsToActOn == [1])
  }

  @Test func anUnknownExceptionLeavesItUndecided() throws {
    let ssh = SelectionPredicate.term(.process(try Glob("sshd")))
    let found = evaluate(
      [SampleRow(ownersAreComplete: false), SampleRow()], leakPolicy { $0.except = [ssh] })[0]
    #expect(found.undecided.exception == 1)
    #expect(found.rowsToActOn == [1])
  }

  @Test func protectionsOverrideTheMatch() throws {
    let protect = [
      protecting("port: 22", .term(.port(.either, 22...22))),
      protecting("process: sshd", .term(.process(try Glob("sshd")))),
    ]
    let rows = [
      SampleRow(), SampleRow(localPort: 22),
      SampleRow(owners: [process(1744, "java"), process(2000, "sshd")]),
      SampleRow(ownersAreComplete: false),
      SampleRow(localPort: 22, ownersAreComplete: false),
    ]
    let found = evaluate(rows, leakPolicy { $0.protect = protect })[0]
    #expect(
      found.spared == [
        SparedConnection(row: 1, reason: .protected(by: 0, certain: true)),
        SparedConnection(row: 2, reason: .protected(by: 1, certain: true)),
        SparedConnection(row: 3, reason: .protected(by: 1, certain: false)),
        SparedConnection(row: 4, reason: .protected(by: 0, certain: true)),
      ])
    #expect(found.rowsToActOn == [0])
  }

  /// A certain protection is named before a possible one.
  @Test func namesACertainProtectionFirst() throws {
    let protect = [
      protecting("process: sshd", .term(.process(try Glob("sshd")))),
      protecting("port: 22", .term(.port(.either, 22...22))),
    ]
    let found = evaluate(
      [SampleRow(localPort: 22, ownersAreComplete: false)], leakPolicy { $0.protect = protect })[0]
    #expect(
      found.spared == [SparedConnection(row: 0, reason: .protected(by: 1, certain: true))])
  }

  /// States that `ss -a` does not show are protected too.
  @Test(arguments: TCPState.allCases)
  func protectionsAndExceptionsApplyInEveryState(state: TCPState) {
    let rows = [SampleRow(state: state, localPort: 22), SampleRow(state: state, localPort: 23)]
    let match = SelectionPredicate.term(.states(state.asSet))
    let found = evaluate(
      rows,
      leakPolicy(match: match) {
        $0.groupBy = .none
        $0.protect = [protecting("port: 22", .term(.port(.either, 22...22)))]
        $0.except = [.term(.port(.either, 23...23))]
      })[0]
    #expect(
      found.spared == [SparedConnection(row: 0, reason: .protected(by: 0, certain: true))])
    #expect(found.excludedCount == 1)
    #expect(found.rowsToActOn == [])
  }

  /// In CLOSE-WAIT for 600 to 700 seconds.
  @Test(
    arguments: [
      (599_000, [0], 0, 0), (600_000, [0], 0, 0), (600_001, [], 0, 1), (700_000, [], 0, 1),
      (700_001, [], 1, 0),
    ] as [(UInt64, [Int], Int, Int)])
  func inStateIsAMinimum(
    least: UInt64, acts: [Int], young: Int, undecided: Int
  ) {
    let found = evaluate([SampleRow()], leakPolicy { $0.inState = least })[0]
    #expect(found.rowsToActOn == acts)
    #expect(found.spared == (0..<young).map { SparedConnection(row: $0, reason: .notLongEnough) })
    #expect(found.undecided.inState == undecided)
    #expect(found.undecided.total == undecided)
  }

  @Test func youngConnectionsDoNotCountTowardsTheThreshold() {
    let rows = [SampleRow(), SampleRow(acknowledged: 10, received: 20)]
    let found = evaluate(
      rows,
      leakPolicy {
        $0.threshold = 2; $0.inState = 1000
      })[0]
    #expect(found.groups.map(\.decision) == [.belowThreshold])
    #expect(found.rowsToActOn == [])
  }

  /// The kernel keeps a time only for CLOSE-WAIT.
  @Test func unknownTimesAreUndecided() {
    let found = evaluate(
      [SampleRow(state: .established), SampleRow(acknowledged: nil, received: nil)],
      leakPolicy(match: .everything) { $0.inState = 1 })[0]
    #expect(found.undecided.inState == 2)
    #expect(found.rowsToActOn == [])
  }
}
