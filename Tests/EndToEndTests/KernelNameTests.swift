import Testing

/// Names that Unicode considers equal but the kernel does not: precomposed and decomposed.
private enum Twins {
  static let composed = "caf\u{e9}"
  static let decomposed = "cafe\u{301}"
}

/// Network namespaces whose names differ only in their bytes.
///
/// The names are created on a private `/run`, so that no other test sees them.
@Suite(.waitsForPrograms, .needsNamespaces) struct NamespaceNameTests {
  let blue: NetworkNamespace
  let green: NetworkNamespace

  init() throws { (blue, green) = (try NetworkNamespace(), try NetworkNamespace()) }

  private func run(_ arguments: [String]) throws -> CommandResult {
    let script = """
      mount -t tmpfs tmpfs /run && ip netns attach "$1" \(blue.server.pid) &&
      ip netns attach "$2" \(green.server.pid) &&
      ip netns attach $'caf\\xff' \(blue.server.pid) &&
      ip netns attach $'caf\\xfe' \(green.server.pid) &&
      ip netns attach 'a,b' \(green.server.pid) && shift 2 && "$@"
      """
    return try Command.run(
      [
        "unshare", "--mount", "--net", "bash", "-c", script, "bash", Twins.composed,
        Twins.decomposed, Tools.connreap,
      ] + arguments, seconds: 120)
  }

  private func rows(_ arguments: String...) throws -> [Row] {
    try Listing(run(["list", "-o", "json", "--local-port", "8080"] + arguments)).connections
  }

  @Test func namesMatchByBytes() throws {
    let (here, there) = (try blue.pair(port: 8080), try green.pair(port: 8080))
    #expect(try rows("--netns", Twins.composed).map(\.cookie) == [here.server.cookie])
    #expect(try rows("--netns", Twins.decomposed).map(\.cookie) == [there.server.cookie])
    #expect(try rows("--filter", "netns = \(Twins.composed)").map(\.cookie) == [here.server.cookie])
    #expect(
      Set(try rows("--netns", "\(Twins.composed),\(Twins.decomposed)").map(\.cookie))
        == [here.server.cookie, there.server.cookie])
    #expect(try rows("--netns", "a,b").map(\.cookie) == [there.server.cookie])
    let unknown = try run(["list", "--netns", "caf\u{e9}\u{301}"])
    #expect(unknown.status == 64)
  }

  @Test(.needsDestroy) func closingDoesNotAffectTheTwin() throws {
    let (here, there) = (try blue.pair(port: 8080), try green.pair(port: 8080))
    let ended = try run([
      "kill", "--yes", "--state-dir", blue.state.path, "--netns", Twins.decomposed,
      "--local-port", "8080",
    ])
    #expect(ended.status == 0 && ended.text.contains("closed 1"), "\(ended.errorText)")
    #expect(try here.client.reaches(here.server))
    #expect(try there.server.receive() == .failed("ECONNABORTED"))
  }

  @Test func policiesMatchNamespacesByBytes() throws {
    _ = try blue.closeWaits(1, to: try blue.server.listen("pool", port: 8080))
    let file = try blue.state.write(
      "twin.yaml",
      """
      version: 1
      policies:
        - {name: here, match: {state: close-wait, netns: \(Twins.composed)}, action: report}
        - {name: there, match: {state: close-wait, netns: \(Twins.decomposed)}, action: report}
      """)
    let plan = try run(["policy", "plan", "--state-dir", blue.state.path, "-o", "json", file])
    #expect(plan.status == 0, "\(plan.errorText)")
    let counts = plan.text.occurrences(of: "\"count\":1")
    #expect(counts == 1, "\(plan.text)")
  }

  @Test func namesThatAreNotUTF8AreListedButNotMatched() throws {
    let (here, there) = (try blue.pair(port: 8080), try green.pair(port: 8080))
    let all = try run([
      "list", "-o", "json", "--netns", "all", "--local-port", "8080",
    ])
    let cookies = Set(try Listing(all).connections.map(\.cookie))
    #expect(cookies.isSuperset(of: [here.server.cookie, there.server.cookie]))
    // The argument is not valid UTF-8. It must not match another namespace.
    let script = "\"$0\" list --netns $'caf\\xff' --local-port 8080"
    let named = try Command.run([
      "unshare", "--mount", "--net", "bash", "-c",
      "mount -t tmpfs tmpfs /run && ip netns attach $'caf\\xfe' \(green.server.pid) && \(script)",
      Tools.connreap,
    ])
    #expect(named.status == 64 && named.output.isEmpty, "\(named.text)")
  }
}

extension String {
  /// The number of occurrences of `part`.
  fileprivate func occurrences(of part: String) -> Int {
    var (count, rest) = (0, self[...])
    while let range = rest.firstRange(of: part) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}

/// Cgroups and units whose names differ only in their bytes.
@Suite(.waitsForPrograms, .needsNamespaces, .needsControlGroups) struct ControlGroupTwinTests {
  let namespace: NetworkNamespace
  let composed: TestControlGroup
  let decomposed: TestControlGroup
  let other: Peer

  init() throws {
    let slice = try TestControlGroup()
    composed = try TestControlGroup(in: slice, Twins.composed + ".service")
    decomposed = try TestControlGroup(in: slice, Twins.decomposed + ".service")
    namespace = try NetworkNamespace()
    other = try namespace.anotherPeer()
    try composed.take(namespace.server.pid)
    try decomposed.take(other.pid)
  }

  /// A connection with its server in one unit and its client in the other.
  private func pair() throws -> (client: Socket, server: Socket) {
    let pair = try namespace.pair(port: 8080, client: other)
    return (pair.client, pair.server)
  }

  @Test func cgroupsKeepTheirBytes() throws {
    let (client, server) = try pair()
    for (socket, group) in [(client, decomposed), (server, composed)] {
      let row = try #require(try namespace.row(of: socket))
      #expect(row.cgroup.map { Array($0.utf8) } == Array(group.path.utf8))
    }
  }

  @Test func unitsAndCgroupsMatchByBytes() throws {
    let (client, server) = try pair()
    let states = ["--state", "established"]
    for (socket, name, group) in [
      (client, Twins.decomposed, decomposed), (server, Twins.composed, composed),
    ] {
      for options in [
        ["--unit", name], ["--unit", name + ".service"], ["--unit", name + "*"],
        ["--cgroup", group.path], ["--filter", "unit = \"\(name)\""],
      ] {
        #expect(try namespace.rows(states + options).map(\.cookie) == [socket.cookie], "\(options)")
      }
    }
    #expect(try namespace.rows(states + ["--unit", "caf*"]).count == 2)
    #expect(try namespace.rows(states + ["--unit", "caf?"]).map(\.cookie) == [server.cookie])
    #expect(try namespace.rows(states + ["--unit", "caf??"]).map(\.cookie) == [client.cookie])
  }

  @Test func unitsAreCountedSeparately() throws {
    _ = try pair()
    let ended = try namespace.connreap(
      "stats", "--by", "unit", "--state", "established", "-o", "csv")
    let counted = ended.lines.filter { $0.contains("caf") }
    #expect(counted.count == 2, "\(ended.text)")
    let file = try namespace.state.write(
      "twins.yaml",
      """
      version: 1
      policies:
        - {name: twins, match: {state: established}, group-by: unit, threshold: 2, action: report}
        - {name: each, match: {state: established}, group-by: unit, action: report}
      """)
    let plan = try namespace.connreap("policy", "plan", "--state-dir", namespace.state.path, file)
    #expect(
      plan.lines.filter { $0.contains("1 of 1 will be reported") }.count == 2, "\(plan.text)")
    let unmet = plan.lines.filter { $0.contains("below threshold 2") }
    #expect(unmet.count == 2 && unmet.allSatisfy { $0.contains("left") }, "\(plan.text)")
    // The history keeps the two groups apart.
    for _ in 0..<2 {
      let applied = try namespace.connreap(
        "policy", "apply", "--state-dir", namespace.state.path, file)
      #expect(applied.status == 0, "\(applied.errorText)")
    }
    let script = """
      import sqlite3, sys
      rows = sqlite3.connect(sys.argv[1]).execute("SELECT rounds FROM round WHERE policy = 'each'")
      print(sorted(row[0] for row in rows))
      """
    let rounds = try Command.run([
      Tools.python, "-c", script, namespace.state.path + "/connreap.db",
    ])
    #expect(rounds.text == "[2, 2]\n", "\(rounds.text)")
  }

  @Test(.needsDestroy) func protectionsMatchByBytes() throws {
    let (_, server) = try pair()
    let file = try namespace.state.write(
      "protect.yaml",
      """
      version: 1
      protect: [{unit: \(Twins.composed)}]
      policies:
        - {name: twins, match: {unit: "caf*"}, action: destroy, limit: 9}
      """)
    let plan = try namespace.connreap(
      "policy", "plan", "--state-dir", namespace.state.path, "-o", "json", file)
    let report = try PlanReport(plan)
    #expect(
      !report.connections.filter { $0.decision == "close" }.map(\.cookie).contains(server.cookie))
    #expect(report.connections.contains { $0.decision == "close" })
  }
}
