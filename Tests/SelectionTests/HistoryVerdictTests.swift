import Connections
import Selection
import Testing

/// History can make a term `yes`, but never `no`.
@Suite("Terms and history")
struct HistoryVerdictTests {
  private let day: UInt64 = 86_400_000
  private let figures = TCPFigures(sent: 5000, received: 4000, acknowledged: 10)

  private func verdict(
    _ term: SelectionTerm, _ row: Connection, _ past: ConnectionPast?
  ) -> Verdict {
    let verdict = term.verdict(of: row, owners: UnknownOwners(), past: past)
    let predicate = SelectionPredicate.term(term)
    #expect(predicate.verdict(of: row, owners: UnknownOwners(), past: past) == verdict)
    let prepared = PreparedSelection(predicate)
    #expect(prepared.verdict(of: row, owners: UnknownOwners(), past: past) == verdict)
    let negated = SelectionPredicate.not(predicate)
    #expect(negated.verdict(of: row, owners: UnknownOwners(), past: past) == verdict.negated)
    return verdict
  }

  @Test("The age in the history is a lower bound")
  func age() {
    let past = ConnectionPast(age: 1000, inState: 0, idle: nil)
    #expect(verdict(.age(atLeast: 1000), .row(), past) == .yes)
    #expect(verdict(.age(atLeast: 1001), .row(), past) == .unknown)
    #expect(verdict(.age(atLeast: 0), .row(), nil) == .unknown)
  }

  @Test("Idle for more than the 49.7 days that the kernel counts")
  func idle() {
    let row = Connection.row(figures: figures)
    let past = ConnectionPast(age: 0, inState: 0, idle: 60 * day)
    #expect(verdict(.idle(atLeast: 60 * day), row, past) == .yes)
    #expect(verdict(.idle(atLeast: 60 * day + 1), row, past) == .unknown)
    #expect(verdict(.idle(atLeast: day), row, past) == .yes, "the kernel's 4 s have wrapped")
    let withoutIdle = ConnectionPast(age: 60 * day, inState: 60 * day, idle: nil)
    #expect(verdict(.idle(atLeast: day), row, withoutIdle) == .no)
    #expect(verdict(.idle(atLeast: day), .row(), past) == .unknown, "unknown without figures")
  }

  @Test("Time in state comes from the history or the kernel, whichever is longer")
  func inState() {
    let past = ConnectionPast(age: 0, inState: day, idle: nil)
    #expect(verdict(.inState(atLeast: day), .row(.finWait2), past) == .yes)
    #expect(verdict(.inState(atLeast: day + 1), .row(.finWait2), past) == .unknown)
    let young = ConnectionPast(age: 0, inState: 0, idle: nil)
    #expect(verdict(.inState(atLeast: 10), .row(.closeWait, figures: figures), young) == .yes)
    #expect(verdict(.inState(atLeast: 4001), .row(.closeWait, figures: figures), young) == .no)
  }

  @Test("History does not affect other terms")
  func others() {
    let past = ConnectionPast.longest
    for term in [SelectionTerm.stalled(atLeast: 1), .sendQueue(atLeast: 1), .user(7)] {
      let row = Connection.row(figures: figures)
      #expect(verdict(term, row, past) == verdict(term, row, nil))
    }
  }
}
