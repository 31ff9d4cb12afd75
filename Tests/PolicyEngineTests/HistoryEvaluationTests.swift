import Connections
import PolicyEngine
import Selection
import Testing

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
