import Connections
import PresentationTestSupport
import Reaping
import Scanning
import TestSupport
import Testing

@testable import Presentation
@testable import Rendering

/// Large plans and outcomes in few lines.
@Suite struct PlanSummaryTests {
  /// 40 connections of orders.jar in two processes, 21 of a server with clients, and 3 of unknown
  /// processes, with their listeners.
  private let scene: StatsScene = {
    func sockets(
      _ range: Range<UInt32>, _ change: (inout FakeSocket, UInt32) -> Void
    ) -> [FakeSocket] {
      range.map { number in
        FakeSocket(cookie: UInt64(number), inode: number) {
          $0.state = 8
          $0.info = .idle(60_000 * number)
          change(&$0, number)
        }
      }
    }
    let outgoing = sockets(10..<50) { socket, number in
      socket.peer = [10, 20, 0, number < 40 ? 21 : 22]
      (socket.localPort, socket.peerPort) = (UInt16(30_000 + number), 5432)
    }
    let incoming = sockets(50..<71) { socket, number in socket.peerPort = UInt16(40_000 + number) }
    let unknown = sockets(71..<74) { socket, _ in (socket.localPort, socket.peerPort) = (9, 443) }
    let listener = FakeSocket(cookie: 100, inode: 100) {
      $0.state = 10
      ($0.local, $0.peer, $0.peerPort) = ([0, 0, 0, 0], [0, 0, 0, 0], 0)
    }
    let scene = StatsScene(outgoing + incoming + unknown + [listener])
    let java = ["java", "-jar", "/srv/orders.jar"]
    scene.tree.process(2210, name: "java", command: java)
    scene.tree.process(2211, name: "java", command: java)
    scene.tree.process(47, name: "payments\u{1b}[2J")
    for (pid, inodes) in [(2210, 10..<30), (2211, 30..<50), (47, 50..<71)] {
      for inode in inodes { scene.tree.link("\(pid)/fd/\(inode)", to: "socket:[\(inode)]") }
    }
    return scene
  }()

  private func snapshot() throws -> Snapshot {
    try scene.snapshot(reading: [.figures, .owners, .controlGroups, .listeners])
  }

  /// The plan that closes everything in CLOSE-WAIT except what `spare` names by its cookie.
  private func plan(
    _ spare: (UInt64) -> SpareReason? = { _ in nil }
  ) throws -> (Plan, PlanText) {
    let snapshot = try snapshot()
    let plan = Plan(
      snapshot.connections.filter { $0.state == .closeWait }.map { connection in
        let reason = spare(connection.cookie.rawValue)
        return Plan.Step(
          connection: connection, decision: reason.map(Plan.Decision.spare) ?? .close)
      }, from: snapshot)
    let names = SystemNumbers(resolvesNames: false)
    return (plan, PlanText(text: ConnectionText(snapshot: snapshot, names: names)))
  }

  private func printed(
    _ plan: Plan, _ text: PlanText, listsAll: Bool = false, width: Int? = nil
  ) throws -> String {
    try printedText { stream in
      try text.print(
        plan, listsAll: listsAll, layout: Table.Layout(width: width), to: &stream)
    }
  }

  @Test func programsAndTheirPeersAreCounted() throws {
    let (plan, text) = try plan()
    #expect(
      try printed(plan, text) == #"""
          orders.jar[2210] +1  40 → 10.20.0.21:5432 (30), 10.20.0.22:5432 (10)  ≥ 10m00s .. 49m00s
          payments\x1b[2J[47]  21 ← clients of :8080                            ≥ 50m00s .. 1h10m
          owner unknown         3 → 127.0.0.1:443                               ≥ 1h11m .. 1h13m
          -v lists every connection

        """#)
  }

  @Test(arguments: 40..<110) func everyLineFitsTheTerminal(width: Int) throws {
    let (plan, text) = try plan()
    let lines = try printed(plan, text, width: width).split(separator: "\n")
    for line in lines {
      #expect(EscapedText.width(of: line.utf8) <= width, "\(line)")
    }
    #expect(lines[0].contains("[2210]") && lines[0].contains(":5432"), "\(lines[0])")
    #expect(lines[1].contains("21 ← clients of :8080"), "\(lines[1])")
  }

  @Test func everythingIsListedOnRequest() throws {
    let (plan, text) = try plan()
    let lines = try printed(plan, text, listsAll: true).split(separator: "\n")
    #expect(lines.count == 64 && lines.allSatisfy { $0.hasPrefix("  CLOSE-WAIT  ") })
  }

  @Test func aSmallPlanIsListedWithTheSparedConnectionsLast() throws {
    let (plan, text) = try plan { $0 < 60 ? nil : .callersSession }
    let few = Plan(
      plan.steps.filter { $0.connection.cookie.rawValue % 8 == 0 }, from: plan.snapshot)
    let words = try printed(few, text).split(separator: "\n").map { $0.split(separator: " ")[0] }
    #expect(words == Array(repeating: "CLOSE-WAIT", count: 6) + ["spared", "spared"])
  }

  @Test func manySparedConnectionsAreCountedByReason() throws {
    let (plan, text) = try plan { cookie in
      cookie < 50 ? .protectedName("sshd", pid: 900) : cookie < 52 ? .callersSession : nil
    }
    let lines = try printed(plan, text).split(separator: "\n")
    #expect(lines.count == 5)
    #expect(lines[0].contains("payments") && lines[0].contains("19 ← clients of :8080"))
    #expect(lines[2] == "  -v lists every connection")
    #expect(lines[3] == "  spared 40: held by sshd[900]; --unprotect sshd allows it")
    #expect(lines[4] == "  spared 2: your own session")
  }

  /// Anyone can start many processes, so neither programs nor reasons are unlimited.
  @Test func theSummaryIsBounded() throws {
    let sockets = (1...100).map { number in
      FakeSocket(cookie: UInt64(number), inode: UInt32(number)) { $0.info = .idle(1000) }
    }
    let scene = StatsScene(sockets)
    for number in 1...100 {
      scene.tree.process(
        Int32(number), name: "p\(number)", links: [3: "socket:[\(number)]"])
    }
    let snapshot = try scene.snapshot(reading: [.figures, .owners])
    let text = PlanText(
      text: ConnectionText(
        snapshot: snapshot, names: SystemNumbers(resolvesNames: false)))
    let all = Plan(
      snapshot.connections.map { Plan.Step(connection: $0, decision: .close) }, from: snapshot)
    let closed = try printed(all, text).split(separator: "\n")
    #expect(closed.count == 12)
    #expect(closed[10] == "  … 90 more programs, 90 connections")
    let none = Plan(
      snapshot.connections.map { connection in
        let pid = Int32(connection.cookie.rawValue)
        return Plan.Step(
          connection: connection, decision: .spare(.ancestor(pid: pid)))
      }, from: snapshot)
    let spared = try printed(none, text).split(separator: "\n")
    #expect(spared.count == 6)
    #expect(spared[5] == "  95 for other reasons")
  }

  @Test func outcomesAreSummarizedInTheSameWay() throws {
    let (plan, text) = try plan()
    let outcomes = plan.closings.map { step in
      let cookie = step.connection.cookie.rawValue
      return Outcome(step, cookie < 50 ? .closed : .failed(.notDone(.timeoutReached)))
    }
    let lines = try printedText { stream in
      try text.print(
        outcomes: outcomes, listsAll: false, layout: Table.Layout(), to: &stream)
    }.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("  orders.jar[2210] +1  40 → 10.20.0.21:5432 (30), "))
    #expect(lines[1].hasPrefix("  not done 24: "))
  }
}
