import FoundationEssentials
import Testing

/// Sockets that are bound to a port and do nothing else: Linux 6.8 and later lists them, in TCP_CLOSE.
@Suite(.waitsForPrograms, .needsNamespaces, .enabled(if: Tools.kernelListsBoundSockets))
struct BoundSocketTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  @Test func theyAreListedByTheirStateWithTheirOwners() throws {
    let server = namespace.server
    let four = try server.bind("four", port: 7788)
    let six = try server.bind("six", on: "::1", port: 7789)
    _ = try namespace.pair(port: 8080)
    let rows = try namespace.rows("--state", "bound-inactive")
    #expect(Set(rows.map(\.cookie)) == [four.cookie, six.cookie])
    for row in rows {
      #expect(row.state == "bound-inactive")
      #expect(row.owners?.first?.pid == server.pid)
      #expect(row.owners?.first?.fds == [row.cookie == four.cookie ? four.fd : six.fd])
      #expect(row.note == nil, "it has an owner")
    }
    #expect(
      try namespace.rows("--state", "bound-inactive", "--local-port", "7789").map(\.cookie)
        == [six.cookie])
    #expect(try namespace.rows("--state", "bound-inactive", "-4").map(\.cookie) == [four.cookie])
    let both = try namespace.rows("--state", "bound-inactive,closed,established")
    #expect(both.count { $0.state == "bound-inactive" } == 2)
    #expect(both.count { $0.state == "established" } == 2)
  }

  @Test func theyAreNotListedUnlessTheirStateIsNamed() throws {
    let socket = try namespace.server.bind("only", port: 7788)
    #expect(try namespace.rows().isEmpty)
    #expect(try namespace.rows("--state", "closed").isEmpty)
    let listed = try namespace.connreap("list", "--state", "bound-inactive", "--no-header")
    #expect(listed.lines.count == 1 && listed.text.contains("BOUND"), "\(listed.text)")
    try socket.close()
    #expect(try namespace.rows("--state", "bound-inactive").isEmpty)
  }

  @Test func aListenerThatWasClosedKeepsItsPort() throws {
    let listener = try namespace.server.listen("closed", port: 8080)
    let ended = try namespace.kill("--state", "listen", "--local-port", "8080")
    #expect(ended.status == 0, "\(ended.errorText)")
    #expect(try namespace.rows("--state", "listen").isEmpty)
    let row = try #require(try namespace.rows("--state", "bound-inactive").first)
    #expect(row.cookie == listener.cookie)
    #expect(row.local.port == 8080)
  }

  @Test func statsCountsThem() throws {
    _ = try namespace.server.bind("four", port: 7788)
    _ = try namespace.server.bind("six", on: "::1", port: 7788)
    _ = try namespace.server.listen("listener", port: 8080)
    let ended = try namespace.connreap("stats", "-o", "json")
    let counted = try Statistics(ended.text)
    #expect(counted.states["bound-inactive"] == 2)
    #expect(counted.total == 3)
    #expect(counted.families == ["ipv4": 2, "ipv6": 1])
    let grouped = try Statistics(
      namespace.connreap("stats", "-o", "json", "--by", "process").text)
    #expect(grouped.states["bound-inactive"] == 2 && grouped.groups.first?.count == 3)
    let one = try Statistics(
      namespace.connreap("stats", "-o", "json", "--state", "bound-inactive").text)
    #expect(one.total == 2)
  }

  @Test func theExplanationNamesTheState() throws {
    let ended = try namespace.connreap("list", "--state", "bound-inactive", "--explain")
    #expect(ended.lines.first?.hasSuffix("state bound-inactive") == true, "\(ended.text)")
  }

  @Test func killSparesThemAndSaysWhy() throws {
    let socket = try namespace.server.bind("only", port: 7788)
    for method in ["destroy", "abort", "shutdown"] {
      let ended = try namespace.kill(
        "--state", "bound-inactive", "--method", method, "-o", "json")
      let row = try #require(try PlanReport(ended).connections.first)
      #expect(row.result == "spared", "\(ended.text)")
      #expect(row.reason?.contains("only its program can close it") == true)
    }
    #expect(try namespace.rows("--state", "bound-inactive").map(\.cookie) == [socket.cookie])
  }
}
