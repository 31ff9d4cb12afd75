import Connections
import PolicyEngine
import Selection
import Testing

/// Policies with `seen`: each run counts, and none acts too early.
@Suite struct SeenTests {
  @Test func actsOnlyAfterEnoughRuns() {
    var machine = Simulation(watchedPolicy { $0.seen = 3 })
    machine.rows = leakedRows(1...2, since: machine.now)
    for runs in 1...2 {
      #expect(machine.run().isEmpty)
      #expect(
        machine.findings[0].spared
          == [0, 1].map {
            SparedConnection(row: $0, reason: .notSeenEnough(runs: runs))
          })
      machine.wait(minute)
    }
    machine.rows += leakedRows(3...3, since: machine.now)
    #expect(machine.run() == [1, 2])
    #expect(machine.memory.connections.count == 1, "what is closed is forgotten")
  }

  @Test func anUnflaggedConnectionStartsAgain() {
    var machine = Simulation(watchedPolicy { $0.seen = 2 })
    machine.rows = leakedRows(1...1, since: machine.now)
    machine.run()
    machine.rows[0].state = .established
    machine.run()
    machine.rows[0].state = .closeWait
    #expect(machine.run().isEmpty)
    #expect(machine.run() == [1])
  }

  /// A dump can miss an existing socket: one absence does not mean that it ended.
  @Test func forgetsAConnectionMissedTwice() {
    for missed in 1...2 {
      var machine = Simulation(watchedPolicy { $0.seen = 2 })
      machine.rows = leakedRows(1...1, since: machine.now)
      machine.run()
      for _ in 0..<missed { machine.run(missing: [1]) }
      #expect(machine.run().isEmpty == (missed == 2))
    }
  }

  @Test func aMissedConnectionWithTrafficStartsAgain() {
    var machine = Simulation(watchedPolicy { $0.seen = 2 })
    machine.rows = leakedRows(1...1, since: machine.now)
    machine.run()
    machine.run(missing: [1])
    machine.rows[0].bytes = 1001
    #expect(machine.run().isEmpty)
    #expect(machine.run() == [1])
  }

  @Test func aReusedCookieStartsAgain() {
    var machine = Simulation(watchedPolicy { $0.seen = 2 })
    machine.rows = leakedRows(1...1, since: machine.now)
    machine.run()
    machine.rows[0].peerPort = 50_001
    #expect(machine.run().isEmpty)
  }

  @Test func changedRulesStartAgain() {
    let first = watchedPolicy { $0.seen = 2 }
    for changed in [
      watchedPolicy { $0.match = .all([first.match, .term(.port(.local, 8080...8080))]) },
      watchedPolicy { $0.inState = 1 }, watchedPolicy { $0.groupBy = .peer },
      watchedPolicy { $0.except = [.term(.user(7))] },
    ] {
      #expect(changed.rules != first.rules)
    }
    #expect(watchedPolicy { $0.threshold = 9 }.rules == first.rules)
    var machine = Simulation(first)
    machine.rows = leakedRows(1...1, since: machine.now)
    machine.run()
    var other = first
    other.inState = 1
    let table = SampleTable(
      machine.rows, past: PastConnections(machine.memory.connections, at: machine.now),
      now: machine.now + 5)
    let found = Evaluation.findings(
      of: table, policies: PolicySet(policies: [other]),
      history: PolicyHistory([0: machine.memory], now: machine.now + 5))
    #expect(found[0].rowsToActOn.isEmpty)
  }

  @Test func doesNotActWithoutHistory() {
    let rows = leakedRows(1...3, since: 0)
    let found = Evaluation.findings(
      of: SampleTable(rows), policies: PolicySet(policies: [watchedPolicy { $0.seen = 2 }]))[0]
    #expect(found.rowsToActOn.isEmpty)
    #expect(found.spared.map(\.reason) == Array(repeating: .notSeenEnough(runs: nil), count: 3))
  }

  @Test func onlySeenConnectionsCountTowardsTheThreshold() {
    var machine = Simulation(watchedPolicy { ($0.seen, $0.threshold) = (2, 3) })
    machine.rows = leakedRows(1...2, since: machine.now)
    machine.run()
    machine.rows += leakedRows(3...9, since: machine.now)
    #expect(machine.run().isEmpty)
    #expect(machine.run().count == 9)
  }

  /// Runs of other policies do not interfere.
  @Test func keepsTheMemoryOfPoliciesThatDoNotRun() {
    var machine = Simulation(watchedPolicy { $0.seen = 3 })
    machine.rows = leakedRows(1...1, since: machine.now)
    machine.run()
    machine.run()
    var other = watchedPolicy { $0.name = "other" }
    other.match = .term(.states(TCPState.established.asSet))
    let history = PolicyHistory([0: machine.memory], now: machine.now)
    let found = Evaluation.findings(
      of: SampleTable([]), policies: PolicySet(policies: [other]), history: history)
    let after = Evaluation.memory(after: found, of: SampleTable([]), history: history) { _, _ in 0 }
    #expect(after == [0: machine.memory])
  }
}

@Suite struct KeepTests {
  @Test func keepsTheNewestAndClosesTheOldest() {
    var machine = Simulation(watchedPolicy { $0.keep = 2 })
    machine.rows =
      leakedRows(1...1, since: machine.now - 5) + leakedRows(2...2, since: machine.now - 1)
      + leakedRows(3...3, since: machine.now - 9) + leakedRows(4...4, since: machine.now - 2)
    #expect(machine.run() == [1, 3])
    #expect(machine.run().isEmpty, "the rest is kept from then on")
    #expect(machine.findings[0].groups[0].kept == [0, 1])
  }

  @Test func keepsTheNumberInEachGroup() {
    var machine = Simulation(watchedPolicy { $0.keep = 1 })
    machine.rows = leakedRows(1...3, since: machine.now)
    for index in 1...2 { machine.rows[index].owners = [process(9, "nginx")] }
    #expect(machine.run() == [2])
  }

  @Test func equallyOldConnectionsAreOrderedByCookie() {
    var machine = Simulation(watchedPolicy { $0.keep = 1 })
    machine.rows = leakedRows(1...3, since: machine.now).reversed()
    #expect(Set(machine.run()) == [1, 2])
  }

  @Test func connectionsWithUnknownTimesAreTheNewest() {
    var unknown = SampleRow(cookie: 1)
    (unknown.acknowledged, unknown.received, unknown.sent) = (nil, nil, nil)
    var machine = Simulation(watchedPolicy { $0.keep = 1 })
    machine.rows = [unknown] + leakedRows(2...2, since: machine.now)
    #expect(machine.run() == [2])
  }

  @Test func keptConnectionsCountTowardsTheThreshold() {
    var machine = Simulation(watchedPolicy { ($0.keep, $0.threshold) = (3, 4) })
    machine.rows = leakedRows(1...4, since: machine.now)
    #expect(machine.run().count == 1)
    #expect(machine.decision() == .act)
    machine.run()
    #expect(machine.decision() == .belowThreshold)
  }
}

@Suite struct LimitPercentTests {
  private func machine(_ percent: Int, leaking: Int, healthy: Int) -> Simulation {
    var machine = Simulation(watchedPolicy { $0.limitPercent = percent })
    machine.rows = leakedRows(1...UInt64(leaking), since: machine.now)
    machine.rows += (0..<healthy).map { SampleRow(state: .established, cookie: UInt64(1000 + $0)) }
    return machine
  }

  @Test func refusesMoreThanThePercentageOfAnOwner() throws {
    var fine = machine(50, leaking: 5, healthy: 5)
    #expect(fine.run().count == 5)
    var refused = machine(50, leaking: 6, healthy: 5)
    #expect(refused.run().isEmpty)
    let refusal = try #require(refused.findings[0].refusal)
    #expect(refusal.count == 6 && refusal.limit == 5)
    let share = try #require(refusal.share)
    #expect(share.label == "java[1744]" && share.percent == 50 && share.total == 11)
    #expect(refused.memory.groups.isEmpty, "a round that was refused is none")
    #expect(refused.memory.flags.count == 6, "but it has flagged them")
  }

  @Test func connectionsOfOtherOwnersDoNotCount() {
    var machine = machine(50, leaking: 6, healthy: 50)
    for index in machine.rows.indices.dropFirst(6) {
      machine.rows[index].owners = [process(9, "nginx")]
    }
    #expect(machine.run().isEmpty)
  }

  @Test func unknownOwnersAndOtherStatesDoNotCount() {
    var machine = machine(50, leaking: 6, healthy: 50)
    for index in machine.rows.indices.dropFirst(6) {
      if index % 2 == 0 {
        machine.rows[index].owners = []
      } else {
        machine.rows[index].state = .timeWait
      }
    }
    #expect(machine.run().isEmpty)
  }

  @Test func keptConnectionsDoNotCountTowardsThePercentage() {
    var machine = Simulation(watchedPolicy { ($0.limitPercent, $0.keep) = (50, 5) })
    machine.rows = leakedRows(1...10, since: machine.now)
    #expect(machine.run().count == 5)
  }
}

/// A leak that comes back: closing does not fix it, and a policy must know when to stop.
@Suite struct GiveUpTests {
  /// A machine on which `count` connections leak before each run.
  private func runs(
    _ number: Int, of machine: inout Simulation, leaking count: Int, each pause: UInt64 = hour
  ) -> [Int] {
    (0..<number).map { _ in
      let next = (machine.rows.compactMap(\.cookie).max() ?? UInt64(machine.now)) + 1
      machine.rows += leakedRows(next...next + UInt64(count) - 1, since: machine.now)
      machine.wait(pause)
      return machine.run().count
    }
  }

  @Test func givesUpForGoodAfterEnoughRuns() throws {
    var machine = Simulation(watchedPolicy { ($0.giveUpAfter, $0.threshold) = (3, 10) })
    #expect(runs(6, of: &machine, leaking: 10) == [10, 10, 10, 0, 0, 0])
    #expect(machine.decision() == .giveUp(rounds: 3))
    #expect(machine.findings[0].rowsToActOn.isEmpty)
    let table = SampleTable(machine.rows, now: machine.now)
    let leak = try #require(machine.findings[0].leaks(in: table, at: machine.now).first)
    #expect(leak.rounds == 3)
    #expect(leak.group.label == "java[1744]")
    #expect(leak.peer.description == "10.0.0.9:50000" && leak.peer.count == 30)
    #expect(leak.growthPerHour == 10)
  }

  @Test func twoQuietRunsEndALeak() {
    for quiet in 1...2 {
      var machine = Simulation(watchedPolicy { ($0.giveUpAfter, $0.threshold) = (2, 10) })
      #expect(runs(2, of: &machine, leaking: 10) == [10, 10])
      for _ in 0..<quiet { machine.run() }
      #expect(runs(1, of: &machine, leaking: 10) == [quiet == 1 ? 0 : 10])
    }
  }

  @Test func actsAgainOnceTheProgramIsFixed() {
    var machine = Simulation(watchedPolicy { ($0.giveUpAfter, $0.threshold) = (1, 10) })
    #expect(runs(2, of: &machine, leaking: 10) == [10, 0])
    machine.rows = []
    machine.run()
    machine.run()
    #expect(machine.memory.groups.isEmpty)
    #expect(runs(1, of: &machine, leaking: 10) == [10])
  }

  @Test func aRestartedProcessStartsAgain() {
    var machine = Simulation(watchedPolicy { $0.giveUpAfter = 1 })
    #expect(runs(2, of: &machine, leaking: 5) == [5, 0])
    for index in machine.rows.indices { machine.rows[index].owners = [process(1745, "java")] }
    #expect(machine.run().count == 5)
  }

  @Test func givesUpOnlyOnTheLeakingGroup() {
    var machine = Simulation(watchedPolicy { $0.giveUpAfter = 1 })
    #expect(runs(2, of: &machine, leaking: 5) == [5, 0])
    machine.rows.append(SampleRow(owners: [process(9, "nginx")], cookie: 7))
    #expect(machine.run() == [7])
    #expect(machine.findings[0].givenUp.map(\.label) == ["java[1744]"])
  }

  /// Guards spared everything: nothing was closed, so nothing is known about the program.
  @Test func runsThatCloseNothingDoNotCount() throws {
    let leak = watchedPolicy { $0.giveUpAfter = 1 }
    let table = SampleTable(leakedRows(1...3, since: 0))
    var memory = RunMemory()
    for _ in 0..<4 {
      let history = PolicyHistory([0: memory], now: 1000)
      let found = Evaluation.findings(
        of: table, policies: PolicySet(policies: [leak]), history: history)
      #expect(found[0].groups[0].decision == .act)
      let memories = Evaluation.memory(after: found, of: table, history: history) { _, _ in 0 }
      memory = try #require(memories[0])
    }
    #expect(memory.groups.isEmpty)
  }

  @Test func aReportNeverGivesUp() {
    var machine = Simulation(watchedPolicy { ($0.giveUpAfter, $0.action) = (1, .report) })
    machine.rows = leakedRows(1...3, since: machine.now)
    for _ in 0..<4 { machine.run() }
    #expect(machine.decision() == .act)
    #expect(machine.memory.groups.values.map(\.rounds) == [4])
  }

  @Test(arguments: [
    (["10.0.0.9", "10.0.0.9", "10.0.0.7"], "10.0.0.9:5432", 2),
    (["10.0.0.9", "10.0.0.7"], "10.0.0.7:5432", 1), (["::ffff:10.0.0.9"], "10.0.0.9:5432", 1),
    (["2001:db8::1"], "[2001:db8::1]:5432", 1),
  ])
  func namesTheMostCommonPeer(peers: [String], peer: String, count: Int) throws {
    let rows = peers.enumerated().map { index, peer in
      SampleRow(
        peer: peer, peerPort: 5432, family: peer.contains(":") ? .ipv6 : .ipv4,
        cookie: UInt64(index + 1))
    }
    let leak = try #require(self.leak(of: rows))
    #expect(leak.peer.description == peer)
    #expect(leak.peer.count == count)
  }

  @Test func namesNoPortIfThereAreSeveral() throws {
    let rows = [SampleRow(peerPort: 1, cookie: 1), SampleRow(peerPort: 2, cookie: 2)]
    #expect(try #require(self.leak(of: rows)).peer.description == "10.0.0.9")
  }

  private func leak(of rows: [SampleRow]) -> Leak? {
    let leak = watchedPolicy { $0.giveUpAfter = 1 }
    let key = RememberedGroupKey(policy: "leak", group: "process 1744 1744")
    let memory = RunMemory(groups: [
      key: RememberedGroup(rules: leak.rules, rounds: 1, firstRound: 0, firstCount: 1)
    ])
    let table = SampleTable(rows)
    let found = Evaluation.findings(
      of: table, policies: PolicySet(policies: [leak]),
      history: PolicyHistory([0: memory], now: hour))
    return found[0].leaks(in: table, at: hour).first
  }
}
