import Testing

/// Tests of the harness on which the other tests depend.
@Suite struct HarnessTests {
  @Test func commandsReturnTheirStatusAndOutput() throws {
    let ended = try Command.run(
      ["sh", "-c", "cat; echo \"$WORD\" >&2; exit 7"], input: "in", environment: ["WORD": "err"])
    #expect(
      ended == CommandResult(status: 7, output: Array("in".utf8), errors: Array("err\n".utf8)))
  }

  @Test func signalsAreReportedAsInAShell() throws {
    #expect(try Command.run(["sh", "-c", "kill -TERM $$"]).status == 143)
  }

  @Test func hangingCommandsAreKilled() {
    #expect(throws: HarnessProblem.self) { try Command.run(["sleep", "60"], seconds: 1) }
  }

  @Test func largeOutputIsReadCompletely() throws {
    let ended = try Command.run(["head", "-c", "1000000", "/dev/zero"])
    #expect(ended.output.count == 1_000_000)
  }

  @Test(.needsNamespaces) func namespacesHaveSeparatePorts() throws {
    let one = try NetworkNamespace()
    let two = try NetworkNamespace()
    let first = try one.pair(port: 8080)
    let second = try two.pair(port: 8080)
    #expect(try first.client.reaches(first.server))
    #expect(try second.server.reaches(second.client))
  }

  @Test(.needsNamespaces) func processesInOneNamespaceCanConnect() throws {
    let namespace = try NetworkNamespace()
    let other = try namespace.anotherPeer()
    let pair = try namespace.pair(port: 8080, address: "::1", client: other)
    #expect(pair.client.pid != pair.server.pid)
    #expect(try pair.client.reaches(pair.server))
  }

  @Test(.needsNamespaces) func peersReportEOFAndErrno() throws {
    let namespace = try NetworkNamespace()
    let pair = try namespace.pair(port: 8080)
    try pair.client.finish()
    #expect(try pair.server.receive() == .end)
    #expect(try pair.client.send("late") == "EPIPE")
    #expect(throws: HarnessProblem.self) { try namespace.server.ask(["do": "nonsense"]) }
  }

  @Test(.needsNamespaces) func fullAcceptQueuesLeaveConnectsPending() throws {
    let namespace = try NetworkNamespace()
    let listener = try namespace.server.listen("full", port: 8080, backlog: 0)
    _ = try namespace.server.connect("queued", port: listener.port)
    let waiting = try namespace.server.connect("waiting", port: listener.port, waiting: false)
    #expect(try waiting.events().isEmpty)
  }

  @Test(.needsNamespaces) func peersExitWithTheirHandle() throws {
    var namespace: NetworkNamespace? = try NetworkNamespace()
    let pid = try #require(namespace?.server.pid)
    let child = try #require(try namespace?.server.fork(sharing: []))
    namespace = nil
    let remaining = try Command.run(["sh", "-c", "sleep 0.1; ls -d /proc/\(pid) /proc/\(child)"])
    #expect(remaining.lines.isEmpty)
  }
}
