import Connections
import PolicyEngine
import Selection
import Testing

/// Times that only earlier runs can tell.
@Suite struct RememberedTimeTests {
  @Test func ageCountsFromTheFirstRunThatSawIt() {
    var machine = Simulation(
      watchedPolicy { $0.match = .all([$0.match, .term(.age(atLeast: 7 * day))]) })
    machine.rows = leakedRows(1...1, since: machine.now - 30 * day)
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
      watchedPolicy {
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
      watchedPolicy {
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
      watchedPolicy {
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
    var machine = Simulation(watchedPolicy { $0.seen = 9 })
    machine.rows = leakedRows(1...3, since: machine.now)
    machine.run()
    machine.rows = leakedRows(9...9, since: machine.now)
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
    var machine = Simulation(watchedPolicy { ($0.seen, $0.limit) = (3, 1 << 30) })
    let count = UInt64(RunMemory.connectionLimit) + 500
    machine.rows = leakedRows(1...count, since: machine.now).reversed()
    machine.run()
    #expect(machine.memory.connections.count == RunMemory.connectionLimit)
    #expect(machine.memory.connections.keys.allSatisfy { $0.rawValue <= RunMemory.connectionLimit })
    machine.run()
    #expect(machine.run().count == RunMemory.connectionLimit, "the rest was never seen before")
  }

  @Test func remembersOnlyMatchedConnections() {
    var machine = Simulation(
      watchedPolicy {
        $0.protect = [Protection(predicate: .term(.user(7)), text: "user: 7", line: 2)]
      })
    machine.rows = [
      SampleRow(state: .established, cookie: 1), SampleRow(userID: 7, cookie: 2),
      SampleRow(ownersAreComplete: false, cookie: 3),
    ]
    machine.rows[2].owners = []
    machine.run()
    #expect(machine.memory.connections.isEmpty)
  }
}
