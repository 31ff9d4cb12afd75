import Glibc
import Testing

/// What `kill` closes, and what both ends see.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct KillTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  @Test func hostAndPortCloseOnlyTheMatchingConnection() throws {
    let target = try namespace.pair(port: 8080)
    let samePortElsewhere = try namespace.pair(port: 8080, address: "::1", as: "six")
    let otherPort = try namespace.pair(port: 8081)
    let ended = try namespace.kill("--host", "127.0.0.1", "--port", "8080")
    #expect(ended.status == 0)
    #expect(try namespace.rows("--host", "127.0.0.1", "--port", "8080").isEmpty)
    #expect(try target.client.reaches(target.server) == false)
    #expect(try samePortElsewhere.client.reaches(samePortElsewhere.server))
    #expect(try otherPort.client.reaches(otherPort.server))
  }

  @Test func theProgramSeesAnAbortAndThePeerAReset() throws {
    let pair = try namespace.pair(port: 8080)
    #expect(try namespace.kill("--local-port", "8080").status == 0)
    #expect(try pair.server.events().contains("POLLHUP"))
    #expect(try pair.server.receive() == .failed("ECONNABORTED"))
    #expect(try pair.server.receive() == .end)
    #expect(try pair.server.send("more") == "EPIPE")
    #expect(try pair.client.receive() == .failed("ECONNRESET"))
  }

  @Test func inCloseWaitTheProgramReadsEOFAndCannotWrite() throws {
    let pair = try namespace.pair(port: 8080)
    try pair.client.finish()
    #expect(try namespace.kill("--state", "close-wait").status == 0)
    #expect(try pair.server.receive() == .end)
    #expect(try pair.server.send("more") == "ECONNABORTED")
    #expect(try pair.client.receive() == .failed("ECONNRESET"))
    #expect(try namespace.rows().isEmpty)
  }

  @Test func unreadDataStaysReadable() throws {
    let pair = try namespace.pair(port: 8080)
    #expect(try pair.client.send("last words") == nil)
    #expect(try namespace.kill("--local-port", "8080").status == 0)
    #expect(try pair.server.receive() == .text("last words"))
  }

  @Test func theListenerKeepsAccepting() throws {
    let pair = try namespace.pair(port: 8080)
    #expect(try namespace.kill("--port", "8080").status == 0)
    let again = try namespace.pair(to: pair.listener, as: "again")
    #expect(try again.client.reaches(again.server))
  }

  @Test func ipv6AndMappedConnectionsAreClosed() throws {
    let six = try namespace.pair(port: 8080, address: "::1")
    let dual = try namespace.server.listen("dual", on: "::", port: 8081, mapped: true)
    let mapped = try namespace.pair(to: dual, address: "127.0.0.1", as: "mapped")
    #expect(try namespace.kill("--local-port", "8080").status == 0)
    #expect(try six.client.receive() == .failed("ECONNRESET"))
    #expect(try namespace.kill("--local", "127.0.0.1", "--local-port", "8081").status == 0)
    #expect(try mapped.server.receive() == .failed("ECONNABORTED"))
    #expect(try mapped.client.receive() == .failed("ECONNRESET"))
  }

  @Test func sharedSocketsAreClosedForEveryProcess() throws {
    let pair = try namespace.pair(port: 8080)
    _ = try namespace.server.fork(sharing: [pair.server])
    #expect(try namespace.kill("--local-port", "8080").status == 0)
    #expect(try pair.client.receive() == .failed("ECONNRESET"))
  }

  @Test func idleSelectsOnlyTheIdleConnection() throws {
    let listener = try namespace.server.listen("both", port: 8080)
    let quiet = try namespace.pair(to: listener, as: "quiet")
    let chatty = try namespace.pair(to: listener, as: "chatty")
    try namespace.waitUntilIdle(2500, quiet.client, quiet.server)
    #expect(try chatty.client.reaches(chatty.server))
    #expect(try namespace.kill("--port", "8080", "--idle", "2500ms").status == 0)
    #expect(try quiet.client.reaches(quiet.server) == false)
    #expect(try chatty.client.reaches(chatty.server))
  }

  @Test func theReportCountsResultsAndNamesTheHolder() throws {
    let listener = try namespace.server.listen("leaks", port: 8080)
    let leaks = try namespace.closeWaits(3, to: listener)
    let ended = try namespace.kill("--state", "close-wait")
    #expect(ended.status == 0)
    let report = ended.text + ended.errorText
    #expect(report.contains("closed 3"))
    #expect(report.contains("descriptor"))
    #expect(report.contains("[\(namespace.server.pid)]"))
    for leak in leaks { #expect(try leak.server.isOpen()) }
  }

  @Test func theJSONReportHasDecisionsAndResults() throws {
    let pair = try namespace.pair(port: 8080)
    let ended = try namespace.kill("--local-port", "8080", "-o", "json")
    #expect(ended.status == 0)
    let report = try PlanReport(ended)
    #expect(report.connections.map(\.cookie) == [pair.server.cookie])
    #expect(report.connections.first?.decision == "close")
    #expect(report.connections.first?.result == "closed")
    #expect(report.connections.first?.owners?.first?.pid == pair.server.pid)
    #expect(report.bootID.count == 36)
  }

  @Test func findingNothingIsNotAFailure() throws {
    _ = try namespace.pair(port: 8080)
    let ended = try namespace.kill("--port", "9999")
    #expect(ended.status == 0)
    #expect(try namespace.rows().count == 2)
  }
}
