import Connections
import PolicyEngine
import Testing

/// A leak that lasts for weeks, with one policy and one run per day, on recordings.
@Suite struct LeakOverWeeksTests {
  private static let policy = """
    version: 1
    policies:
      - name: slow-leak
        match: {state: close-wait, process: java}
        in-state: 3d
        seen: 2
        group-by: process
        threshold: 6
        keep: 2
        give-up-after: 3
        action: destroy

    """

  /// Leaks four connections, runs the policy, and advances the clock by a day.
  private func nextDay(_ machine: RecordedMachine) throws -> (PolicyFindings, closed: [UInt64]) {
    machine.add(4, .closeWait, of: 100, "java", for: 0)
    let before = machine.cookies
    let found = try machine.run()[0]
    machine.now += day
    let after = Set(machine.cookies)
    return (found, before.filter { !after.contains($0) })
  }

  @Test func closesTheOldestDailyUntilThePolicyGivesUp() throws {
    let machine = try RecordedMachine(policies: Self.policy)
    for _ in 0..<3 {
      let (found, closed) = try nextDay(machine)
      #expect(found.groups.isEmpty && closed.isEmpty, "all are too young")
      #expect(found.spared.allSatisfy { $0.reason == .notLongEnough })
    }
    let (fourth, _) = try nextDay(machine)
    #expect(fourth.spared.count { $0.reason == .notSeenEnough(runs: 1) } == 4)
    let (fifth, closedOnFifth) = try nextDay(machine)
    #expect(fifth.groups.map(\.decision) == [.belowThreshold] && closedOnFifth.isEmpty)
    // Each day, all connections that are old enough are closed, except the newest two.
    #expect(try nextDay(machine).closed == [1, 2, 3, 4, 5, 6])
    #expect(try nextDay(machine).closed == [7, 8, 9, 10])
    #expect(try nextDay(machine).closed == [11, 12, 13, 14])
    // For two more weeks, the policy only reports the leak.
    for _ in 0..<14 {
      let (found, closed) = try nextDay(machine)
      #expect(found.givenUp.map(\.decision) == [.giveUp(rounds: 3)])
      #expect(closed.isEmpty)
    }
    #expect(machine.cookies == Array(15...88))
  }

  @Test func historySurvivesAWeekWithoutRuns() throws {
    let machine = try RecordedMachine(policies: Self.policy)
    machine.add(8, .closeWait, of: 100, "java", for: 0)
    machine.now += 3 * day
    #expect(try machine.run()[0].rowsToActOn.isEmpty)
    machine.now += 7 * day
    #expect(try machine.run()[0].rowsToActOn.count == 6)
    #expect(machine.cookies == [7, 8])
  }
}
