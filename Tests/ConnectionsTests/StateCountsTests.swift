import Connections
import TestSupport
import Testing

@Suite struct StateCountsTests {
  @Test func emptyCountsAreZero() {
    let counts = StateCounts()
    #expect(TCPState.allCases.allSatisfy { counts[$0] == 0 })
    #expect(counts.total == 0)
  }

  @Test func statesAreCountedSeparately() {
    var counts = StateCounts()
    let states = TCPState.allCases.filter { $0 != .newSynReceived }
    for (times, state) in states.enumerated() { for _ in 0..<times { counts.add(state) } }
    for (times, state) in states.enumerated() { #expect(counts[state] == times) }
    #expect(counts.total == (0..<states.count).reduce(0, +))
  }

  @Test func bothSynReceivedStatesAreCountedTogether() {
    var counts = StateCounts()
    counts.add(.synReceived)
    counts.add(.newSynReceived)
    #expect(counts[.synReceived] == 2 && counts[.newSynReceived] == 2)
    #expect(counts.total == 2)
  }

  @Test func sumsAddCounts() {
    var generator = Seeded(6)
    for _ in 0..<100 {
      let states = (0..<20).map { _ in TCPState.allCases.randomElement(using: &generator)! }
      let cut = Int.random(in: 0...20, using: &generator)
      func counted(_ states: some Sequence<TCPState>) -> StateCounts {
        states.reduce(into: StateCounts()) { $0.add($1) }
      }
      #expect(counted(states) == counted(states[..<cut]) + counted(states[cut...]))
    }
  }
}
