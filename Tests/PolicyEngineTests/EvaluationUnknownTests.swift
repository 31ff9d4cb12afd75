import Connections
import PolicyEngine
import Selection
import Testing

@Suite struct EvaluationUnknownTests {
  @Test func anUnknownMatchIsUndecided() throws {
    let java = SelectionPredicate.all([
      .term(.states(TCPState.closeWait.asSet)), .term(.process(try Glob("java"))),
    ])
    let rows = [
      SampleRow(), SampleRow(owners: []), SampleRow(owners: [], ownersAreComplete: false),
      SampleRow(owners: [process(1, nil)]), SampleRow(owners: [process(9, "nginx")]),
    ]
    let found = evaluate(rows, leakPolicy(match: java))[0]
    #expect(found.undecided.match == 3)
    #expect(found.rowsToActOn == [0])
  }

  /// `not process = sshd` cannot be decided if the owner could not be read.
  @Test func negationOfAnUnknownOwnerIsUndecided() throws {
    let match = SelectionPredicate.all([
      .term(.states(TCPState.closeWait.asSet)), .not(.term(.process(try Glob("sshd")))),
    ])
    let found = evaluate([SampleRow(owners: []), SampleRow()], leakPolicy(match: match))[0]
    #expect(found.undecided.match == 1)
    #expect(found.rowsToActOn == [1])
  }

  @Test func groupingNeedsAKnownOwner() {
    let rows = [
      SampleRow(owners: []), SampleRow(state: .finWait2, inode: 0),
      SampleRow(state: .timeWait, inode: 0), SampleRow(inode: 0), SampleRow(inode: 0, owners: []),
    ]
    let byProcess = evaluate(rows, leakPolicy(match: .everything))[0]
    #expect(byProcess.undecided.owner == 4)
    #expect(byProcess.rowsToActOn == [3], "in an accept queue, the listener's owner counts")
    let byUser = evaluate(rows, leakPolicy(match: .everything) { $0.groupBy = .user })[0]
    #expect(byUser.undecided.owner == 4, "uid 0 without an inode does not mean root")
    #expect(byUser.groups.map(\.rows) == [[0]])
    for grouping in [.peer, .listener, nil] as [Grouping?] {
      let found = evaluate(rows, leakPolicy(match: .everything) { $0.groupBy = grouping })[0]
      #expect(found.undecided.total == 0)
    }
  }

  @Test func undecidedConnectionsDoNotCountTowardsTheThreshold() {
    let found = evaluate([SampleRow(), SampleRow(owners: [])], leakPolicy { $0.threshold = 2 })[0]
    #expect(found.rowsToActOn == [])
    #expect(found.undecided.owner == 1)
  }
}
