import Connections
import PolicyEngine
import Selection
import Testing

private let minute: UInt64 = 60_000
private let hour = 60 * minute
private let day = 24 * hour

private func policy(_ change: (inout Policy) -> Void = { _ in }) -> Policy {
  var policy = Policy(
    name: "leak", file: "leaks.yaml", line: 1,
    match: .term(.states(TCPState.closeWait.asSet)), groupBy: .process, action: .destroy,
    limit: 1000)
  change(&policy)
  return policy
}

/// Rows in CLOSE-WAIT since `since`, with these cookies.
private func leaks(_ cookies: ClosedRange<UInt64>, since: UInt64) -> [SampleRow] {
  cookies.map { SampleRow(cookie: $0, since: since) }
}

/// Policies with `seen`: each run counts, and none acts too early.
@Suite struct SeenTests {
  @Test func actsOnlyAfterEnoughRuns() {
    var machine = Simulation(policy { $0.seen = 3 })
    machine.rows = leaks(1...2, since: machine.now)
    for runs in 1...2 {
      #expect(machine.run().isEmpty)
      #expect(
        machine.findings[0].spared
          == [0, 1].map {
            SparedConnection(row: $0, reason: .notSeenEnough(runs: runs))
          })
      machine.wait(minute)
    }
    machine.rows += leaks(3...3, since: machine.now)
    #expect(machine.run() == [1, 2])
    #expect(machine.memory.connections.count == 1, "what is closed is forgotten")
  }

  @Test func anUnflaggedConnectionStartsAgain() {
    var machine = Simulation(policy { $0.seen = 2 })
    machine.rows = leaks(1...1, since: machine.now)
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
      var machine = Simulation(policy { $0.seen = 2 })
      machine.rows = leaks(1...1, since: machine.now)
      machine.run()
      for _ in 0..<missed { machine.run(missing: [1]) }
      #expect(machine.run().isEmpty == (missed == 2))
    }
  }

  @Test func aMissedConnectionWithTrafficStartsAgain() {
    var machine = Simulation(policy { $0.seen = 2 })
    machine.rows = leaks(1...1, since: machine.now)
    machine.run()
    machine.run(missing: [1])
    machine.rows[0].bytes = 1001
    #expect(machine.run().isEmpty)
    #expect(machine.run() == [1])
  }

  @Test func aReusedCookieStartsAgain() {
    var machine = Simulation(policy { $0.seen = 2 })
    machine.rows = leaks(1...1, since: machine.now)
    machine.run()
    machine.rows[0].peerPort = 50_001
    #expect(machine.run().isEmpty)
  }

  @Test func changedRulesStartAgain() {
    let first = policy { $0.seen = 2 }
    for changed in [
      policy { $0.match = .all([first.match, .term(.port(.local, 8080...8080))]) },
      policy { $0.inState = 1 }, policy { $0.groupBy = .peer },
      policy { $0.except = [.term(.user(7))] },
    ] {
      #expect(changed.rules != first.rules)
    }
    #expect(policy { $0.threshold = 9 }.rules == first.rules)
    var machine = Simulation(first)
    machine.rows = leaks(1...1, since: machine.now)
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
    let rows = leaks(1...3, since: 0)
    let found = Evaluation.findings(
      of: SampleTable(rows), policies: PolicySet(policies: [policy { $0.seen = 2 }]))[0]
    #expect(found.rowsToActOn.isEmpty)
    #expect(found.spared.map(\.reason) == Array(repeating: .notSeenEnough(runs: nil), count: 3))
  }

  @Test func onlySeenConnectionsCountTowardsTheThreshold() {
    var machine = Simulation(policy { ($0.seen, $0.threshold) = (2, 3) })
    machine.rows = leaks(1...2, since: machine.now)
    machine.run()
    machine.rows += leaks(3...9, since: machine.now)
    #expect(machine.run().isEmpty)
    #expect(machine.run().count == 9)
  }

  /// Runs of other policies do not interfere.
  @Test func keepsTheMemoryOfPoliciesThatDoNotRun() {
    var machine = Simulation(policy { $0.seen = 3 })
    machine.rows = leaks(1...1, since: machine.now)
    machine.run()
    machine.run()
    var other = policy { $0.name = "other" }
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
    var machine = Simulation(policy { $0.keep = 2 })
    machine.rows =
      leaks(1...1, since: machine.now - 5) + leaks(2...2, since: machine.now - 1)
      + leaks(3...3, since: machine.now - 9) + leaks(4...4, since: machine.now - 2)
    #expect(machine.run() == [1, 3])
    #expect(machine.run().isEmpty, "the rest is kept from then on")
    #expect(machine.findings[0].groups[0].kept == [0, 1])
  }

  @Test func keepsTheNumberInEachGroup() {
    var machine = Simulation(policy { $0.keep = 1 })
    machine.rows = leaks(1...3, since: machine.now)
    for index in 1...2 { machine.rows[index].owners = [process(9, "nginx")] }
    #expect(machine.run() == [2])
  }

  @Test func equallyOldConnectionsAreOrderedByCookie() {
    var machine = Simulation(policy { $0.keep = 1 })
    machine.rows = leaks(1...3, since: machine.now).reversed()
    #expect(Set(machine.run()) == [1, 2])
  }

  @Test func connectionsWithUnknownTimesAreTheNewest() {
    var unknown = SampleRow(cookie: 1)
    (unknown.acknowledged, unknown.received, unknown.sent) = (nil, nil, nil)
    var machine = Simulation(policy { $0.keep = 1 })
    machine.rows = [unknown] + leaks(2...2, since: machine.now)
    #expect(machine.run() == [2])
  }

  @Test func keptConnectionsCountTowardsTheThreshold() {
    var machine = Simulation(policy { ($0.keep, $0.threshold) = (3, 4) })
    machine.rows = leaks(1...4, since: machine.now)
    #expect(machine.run().count == 1)
    #expect(machine.decision() == .act)
    machine.run()
    #expect(machine.decision() == .belowThreshold)
  }
}

@Suite struct LimitPercentTests {
  private func machine(_ percent: Int, leaking: Int, healthy: Int) -> Simulation {
    var machine = Simulation(policy { $0.limitPercent = percent })
    machine.rows = leaks(1...UInt64(leaking), since: machine.now)
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
    var machine = Simulation(policy { ($0.limitPercent, $0.keep) = (50, 5) })
    machine.rows = leaks(1...10, since: machine.now)
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
      machine.rows += leaks(next...next + UInt64(count) - 1, since: machine.now)
      machine.wait(pause)
      return machine.run().count
    }
  }

  @Test func givesUpForGoodAfterEnoughRuns() throws {
    var machine = Simulation(policy { ($0.giveUpAfter, $0.threshold) = (3, 10) })
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
      var machine = Simulation(policy { ($0.giveUpAfter, $0.threshold) = (2, 10) })
      #expect(runs(2, of: &machine, leaking: 10) == [10, 10])
      for _ in 0..<quiet { machine.run() }
      #expect(runs(1, of: &machine, leaking: 10) == [quiet == 1 ? 0 : 10])
    }
  }

  @Test func actsAgainOnceTheProgramIsFixed() {
    var machine = Simulation(policy { ($0.giveUpAfter, $0.threshold) = (1, 10) })
    #expect(runs(2, of: &machine, leaking: 10) == [10, 0])
    machine.rows = []
    machine.run()
    machine.run()
    #expect(machine.memory.groups.isEmpty)
    #expect(runs(1, of: &machine, leaking: 10) == [10])
  }

  @Test func aRestartedProcessStartsAgain() {
    var machine = Simulation(policy { $0.giveUpAfter = 1 })
    #expect(runs(2, of: &machine, leaking: 5) == [5, 0])
    for index in machine.rows.indices { machine.rows[index].owners = [process(1745, "java")] }
    #expect(machine.run().count == 5)
  }

  @Test func givesUpOnlyOnTheLeakingGroup() {
    var machine = Simulation(policy { $0.giveUpAfter = 1 })
    #expect(runs(2, of: &machine, leaking: 5) == [5, 0])
    machine.rows.append(SampleRow(owners: [process(9, "nginx")], cookie: 7))
    #expect(machine.run() == [7])
    #expect(machine.findings[0].givenUp.map(\.label) == ["java[1744]"])
  }

  /// Guards spared everything: nothing was closed, so nothing is known about the program.
  @Test func runsThatCloseNothingDoNotCount() throws {
    let leak = policy { $0.giveUpAfter = 1 }
    let table = SampleTable(leaks(1...3, since: 0))
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
    var machine = Simulation(policy { ($0.giveUpAfter, $0.action) = (1, .report) })
    machine.rows = leaks(1...3, since: machine.now)
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
    let leak = policy { $0.giveUpAfter = 1 }
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

/// Times that only earlier runs can tell.
@Suite struct RememberedTimeTests {
  @Test func ageCountsFromTheFirstRunThatSawIt() {
    var machine = Simulation(
      policy { $0.match = .all([$0.match, .term(.age(atLeast: 7 * day))]) })
    machine.rows = leaks(1...1, since: machine.now - 30 * day)
    #expect(machine.run().isEmpty)
    #expect(machine.findings[0].undecided.time == 1, "its age is unknown")
    for _ in 1...6 {
      machine.wait(day)
      #expect(machine.run().isEmpty)
    }
    machine.wait(day)
    #expect(machine.run() == [1])
  }

  /// The kernel's counter wraps after 49.7 days; daily runs must not lose the count.
  @Test(arguments: [1, 7])
  func idleTimeExceedsTheWrapOfTheCounter(each: UInt64) {
    var machine = Simulation(
      policy {
        $0.match = .all([
          .term(.states(TCPState.established.asSet)), .term(.idle(atLeast: 91 * day)),
        ])
      })
    machine.rows = [SampleRow(state: .established, cookie: 1, since: machine.now)]
    machine.rows.append(SampleRow(state: .established, cookie: 2, since: machine.now))
    var days: UInt64 = 0
    while days < 84 {
      machine.wait(each * day)
      days += each
      #expect(machine.run().isEmpty, "day \(days)")
    }
    // The second has been used in between.
    (machine.rows[1].bytes, machine.rows[1].since) = (1001, machine.now - hour)
    machine.wait(7 * day)
    #expect(machine.run() == [1])
    machine.wait(83 * day)
    #expect(machine.run().isEmpty)
  }

  @Test func doesNotRememberBrieflyIdleConnections() {
    var machine = Simulation(
      policy {
        $0.match = .all([
          .term(.states(TCPState.established.asSet)), .term(.idle(atLeast: 60 * day)),
        ])
      })
    machine.rows = (1...100).map {
      SampleRow(state: .established, cookie: $0, since: machine.now - 59 * minute)
    }
    machine.run()
    #expect(machine.memory.connections.isEmpty)
    machine.wait(minute)
    machine.run()
    #expect(machine.memory.connections.count == 100)
  }

  /// The kernel keeps no time for FIN-WAIT-2: it counts from the first run that sees it.
  @Test func inStateCountsFromTheFirstRunWithoutAKernelTime() {
    var machine = Simulation(
      policy {
        $0.match = .term(.states(TCPState.finWait2.asSet))
        $0.inState = 10 * minute
      })
    machine.rows = [SampleRow(state: .finWait2, cookie: 1)]
    #expect(machine.run().isEmpty)
    #expect(machine.findings[0].undecided.inState == 1)
    machine.wait(9 * minute)
    #expect(machine.run().isEmpty)
    machine.wait(minute)
    #expect(machine.run() == [1])
  }

  @Test func dropsAnOldMemory() {
    var machine = Simulation(policy { $0.seen = 9 })
    machine.rows = leaks(1...3, since: machine.now)
    machine.run()
    machine.rows = leaks(9...9, since: machine.now)
    machine.wait(14 * day)
    machine.run()
    #expect(machine.memory.connections.count == 4)
    machine.wait(1)
    machine.run()
    #expect(machine.memory.connections.count == 1)
    #expect(machine.memory.flags.count == 1)
  }

  /// A million sockets do not write a million rows.
  @Test func remembersTheOldestUpToTheLimit() {
    var machine = Simulation(policy { ($0.seen, $0.limit) = (3, 1 << 30) })
    let count = UInt64(RunMemory.connectionLimit) + 500
    machine.rows = leaks(1...count, since: machine.now).reversed()
    machine.run()
    #expect(machine.memory.connections.count == RunMemory.connectionLimit)
    #expect(machine.memory.connections.keys.allSatisfy { $0.rawValue <= RunMemory.connectionLimit })
    machine.run()
    #expect(machine.run().count == RunMemory.connectionLimit, "the rest was never seen before")
  }

  @Test func remembersOnlyMatchedConnections() {
    var machine = Simulation(
      policy { $0.protect = [Protection(predicate: .term(.user(7)), text: "user: 7", line: 2)] })
    machine.rows = [
      SampleRow(state: .established, cookie: 1), SampleRow(userID: 7, cookie: 2),
      SampleRow(ownersAreComplete: false, cookie: 3),
    ]
    machine.rows[2].owners = []
    machine.run()
    #expect(machine.memory.connections.isEmpty)
  }
}

/// Several policies one after the other: report, then keepalive, then destroy.
@Suite struct EscalationTests {
  private func machine() -> Simulation {
    func step(_ name: String, _ action: PolicyAction, _ idle: UInt64) -> Policy {
      Policy(
        name: name, file: "e.yaml", line: 1,
        match: .all([.term(.states(TCPState.established.asSet)), .term(.idle(atLeast: idle))]),
        groupBy: .process, action: action)
    }
    return Simulation(
      step("tell", .report, hour), step("probe", .keepalive, 2 * hour),
      step("close", .destroy, 3 * hour))
  }

  @Test func eachStepActsInTurn() {
    var machine = machine()
    machine.rows = [SampleRow(state: .established, cookie: 1, since: machine.now)]
    machine.wait(hour)
    machine.run()
    #expect(machine.findings.map { $0.rowsOverThreshold.count } == [1, 0, 0])
    machine.wait(hour)
    #expect(machine.run().isEmpty)
    #expect(machine.findings.map { $0.rowsOverThreshold.count } == [1, 1, 0])
    machine.wait(30 * minute)
    machine.run()
    #expect(machine.findings[1].spared == [SparedConnection(row: 0, reason: .armed)])
    machine.wait(30 * minute)
    #expect(machine.run() == [1])
  }

  @Test func laterPoliciesReportTheClaim() {
    var machine = machine()
    machine.rows = [SampleRow(state: .established, cookie: 1, since: machine.now - day)]
    #expect(machine.run().isEmpty)
    #expect(machine.findings[1].rowsToActOn == [0])
    #expect(machine.findings[2].spared == [SparedConnection(row: 0, reason: .taken(by: 1))])
    #expect(machine.run() == [1], "the next policy acts once it is armed")
  }

  @Test func claimedConnectionsAreStillFlagged() {
    var machine = machine()
    machine.rows = [SampleRow(state: .established, cookie: 1, since: machine.now - day)]
    machine.run()
    let key = FlagKey(policy: "close", cookie: known(SocketCookie(rawValue: 1)))
    #expect(machine.memory.flags[key]?.runs == 1)
  }
}
