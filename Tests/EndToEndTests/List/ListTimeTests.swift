import Glibc
import Testing

/// Idle, stalled, in state: measured on real connections.
@Suite(.waitsForPrograms, .needsNamespaces) struct ListTimeTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  @Test func onlyWhatIsIdleIsFoundByIdle() throws {
    let quiet = try namespace.pair(port: 8080)
    let chatty = try namespace.pair(port: 8081)
    try namespace.waitUntilIdle(2500, quiet.client, quiet.server)
    #expect(try chatty.client.reaches(chatty.server))
    let found = try namespace.rows("--idle", "2500ms").map(\.cookie)
    #expect(Set(found) == [quiet.client.cookie, quiet.server.cookie])
    #expect(try namespace.rows("--idle", "1h").isEmpty)
  }

  @Test func idleGrowsAndDataResetsIt() throws {
    let pair = try namespace.pair(port: 8080)
    let start = ContinuousClock.now
    let first = try #require(try namespace.row(of: pair.server)?.idle)
    try namespace.waitUntilIdle(first + 900, pair.server)
    #expect(ContinuousClock.now - start >= .milliseconds(850), "it follows the clock")
    let second = try #require(try namespace.row(of: pair.server)?.idle)
    #expect(second < 30_000)
    #expect(try pair.client.reaches(pair.server))
    let third = try #require(try namespace.row(of: pair.server)?.idle)
    #expect(third < second)
  }

  @Test func closeWaitHasALowerBoundOfItsAge() throws {
    let pair = try namespace.pair(port: 8080)
    try namespace.waitUntilIdle(1000, pair.server)
    try pair.client.finish()
    pause(for: .seconds(1))
    let row = try #require(try namespace.row(of: pair.server))
    let bound = try #require(row.inState?.atLeast)
    let idle = try #require(row.idle)
    #expect(bound >= 900)
    #expect(idle >= bound + 900, "a FIN is not data, and it is not older than the last data")
    #expect(try namespace.rows("--in-state", "900ms").map(\.cookie) == [pair.server.cookie])
    #expect(try namespace.rows("--in-state", "1h").isEmpty)
  }

  @Test func whatNobodyAcknowledgesIsStalledAndNotChatty() throws {
    let stuck = try namespace.pair(port: 8080)
    let fine = try namespace.pair(port: 8081)
    try namespace.server.cutLoopback()
    #expect(try stuck.client.send("into the void") == nil)
    try waitUntil("stalled", every: .milliseconds(200)) {
      try namespace.rows("--stalled", "1500ms").map(\.cookie) == [stuck.client.cookie]
    }
    #expect(try namespace.rows("--stalled", "1h").isEmpty)
    // The kernel renews the time of the last sending with each retransmission.
    let idle = try #require(try namespace.row(of: stuck.client)?.idle)
    #expect(idle >= 1500)
    #expect(try namespace.rows("--idle", "1500ms").map(\.cookie).contains(fine.server.cookie))
  }

  /// A peer that never reads answers each probe of its closed window, and acknowledges nothing.
  @Test func answersToWindowProbesAreNoSignOfLife() throws {
    let pair = try namespace.pair(port: 8080)
    let fine = try namespace.pair(port: 8081)
    try pair.client.fill()
    // Probes come after 0.2 s, 0.4 s and so on: shortly after one that was answered, the last
    // acknowledgement is fresh while the last payload is old.
    var answered: Row?
    let deadline = ContinuousClock.now + .seconds(120)
    while answered == nil, ContinuousClock.now < deadline {
      let row = try #require(
        try namespace.row(of: pair.client, "--local-port", "\(pair.client.port)"))
      #expect(row.timer?.kind == "zero-window-probe" || row.idle.map { $0 < 5000 } != false)
      if let last = row.lastAcknowledged, last < 4000, row.idle.map({ $0 >= 5000 }) == true {
        answered = row
      } else {
        pause(for: .milliseconds(200))
      }
    }
    let row = try #require(answered, "idle follows the answers to probes")
    #expect(row.note == "the peer's window is closed")
    #expect(try namespace.rows("--stalled", "5s").map(\.cookie) == [pair.client.cookie])
    #expect(
      Set(try namespace.rows("--idle", "5s", "--port", "8080").map(\.cookie))
        == [pair.client.cookie, pair.server.cookie])
    #expect(try namespace.rows("--stalled", "1h").isEmpty)
    let table = try namespace.connreap("list", "--stalled", "5s", "--columns", "process,note")
    #expect(table.text.contains("the peer's window is closed"), "\(table.text)")
    #expect(try namespace.row(of: fine.client)?.note == nil)
    // As soon as the peer reads, payload moves again.
    for _ in 0..<100 where try namespace.row(of: pair.client)?.sendQueue != 0 {
      while case .text(let text) = try pair.server.receive(), !text.isEmpty {
        if try namespace.row(of: pair.client)?.sendQueue == 0 { break }
      }
    }
    #expect(try namespace.rows("--stalled", "5s").isEmpty)
  }
}
