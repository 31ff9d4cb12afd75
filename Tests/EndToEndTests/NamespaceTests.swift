import Testing

/// Network namespaces other than the current one.
@Suite(.waitsForPrograms, .needsNamespaces) struct NamespaceTests {
  let blue: NetworkNamespace
  let green: NetworkNamespace
  static let withoutSysAdmin = [
    "setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "--",
  ]

  init() throws { (blue, green) = (try NetworkNamespace(), try NetworkNamespace()) }

  private var both: String { "\(blue.server.pid),\(green.server.pid)" }

  @Test func namespacesCanBeSelectedByPID() throws {
    let pair = try blue.pair(port: 8080)
    #expect(try green.rows().isEmpty)
    let rows = try green.rows("--netns", "\(blue.server.pid)")
    #expect(Set(rows.map(\.cookie)) == [pair.client.cookie, pair.server.cookie])
    #expect(rows.allSatisfy { $0.owners?.first?.pid == blue.server.pid })
    let here = try blue.rows()
    #expect(Set(rows.map(\.netns)) == Set(here.map(\.netns)))
  }

  @Test func rowsNameTheirNamespace() throws {
    let pairs = [try blue.pair(port: 8080), try green.pair(port: 8080)]
    let rows = try blue.rows("--netns", both, "--local-port", "8080")
    #expect(Set(rows.map(\.cookie)) == Set(pairs.map(\.server.cookie)))
    #expect(Set(rows.compactMap(\.netns)).count == 2)
    let table = try blue.connreap("list", "--netns", both, "--local-port", "8080")
    #expect(table.lines.first?.hasPrefix("NETNS") == true)
    for row in rows { #expect(table.text.contains("\(try #require(row.netns)) ")) }
  }

  @Test func allIncludesTheNamespacesOfProcesses() throws {
    let pairs = [try blue.pair(port: 8080), try green.pair(port: 8080)]
    let ended = try blue.connreap(
      ["list", "-o", "json", "--netns", "all", "--local-port", "8080"], seconds: 120)
    let rows = try Listing(ended).connections
    #expect(Set(rows.map(\.cookie)).isSuperset(of: pairs.map(\.server.cookie)))
    #expect(Set(rows.map(\.cookie)).count == rows.count, "each namespace is listed once")
  }

  @Test(.needsDestroy) func closingDoesNotAffectOtherNamespaces() throws {
    let here = try blue.pair(port: 8080)
    let there = try green.pair(port: 8080)
    let ended = try blue.kill("--netns", "\(green.server.pid)", "--local-port", "8080")
    #expect(ended.status == 0)
    #expect(ended.text.contains("closed 1"))
    #expect(try here.client.reaches(here.server))
    #expect(try green.rows().isEmpty)
    #expect(try there.server.receive() == .failed("ECONNABORTED"))
  }

  @Test(.needsDestroy) func onePlanCanSpanNamespaces() throws {
    _ = [try blue.pair(port: 8080), try green.pair(port: 8080)]
    let ended = try blue.kill("--netns", both, "--local-port", "8080", "-o", "json")
    #expect(ended.status == 0)
    let plan = try PlanReport(ended)
    #expect(plan.connections.map(\.result) == ["closed", "closed"])
    #expect(Set(plan.connections.compactMap(\.netns)).count == 2)
    #expect(try blue.rows().isEmpty && green.rows().isEmpty)
  }

  /// The names are created on a private `/run`, so that no other test sees them.
  @Test func namespacesCanBeSelectedByName() throws {
    let pair = try blue.pair(port: 8080)
    let script = """
      mount -t tmpfs tmpfs /run && ip netns attach blue \(blue.server.pid) &&
      ip netns add empty && : > /run/netns/stale && "$@"
      """
    func run(_ arguments: String...) throws -> CommandResult {
      try Command.run(
        ["unshare", "--mount", "--net", "bash", "-c", script, "bash", Tools.connreap] + arguments,
        seconds: 60)
    }
    let rows = try Listing(run("list", "-o", "json", "--netns", "blue")).connections
    #expect(Set(rows.map(\.cookie)) == [pair.client.cookie, pair.server.cookie])
    #expect(try Listing(run("list", "-o", "json", "--netns", "empty")).connections.isEmpty)
    let named = try run("list", "--netns", "blue,empty", "--local-port", "8080")
    #expect(named.lines.last?.hasPrefix("blue ") == true)
    let unknown = try run("list", "--netns", "bleu")
    #expect(unknown.status == 64)
    #expect(unknown.errorText.contains("did you mean \"blue\"?"))
    let stale = try run("list", "--netns", "stale")
    #expect(stale.status == 1)
    #expect(stale.errorText.contains("Invalid argument"))
    let partly = try run("list", "--netns", "stale,blue", "--local-port", "8080")
    #expect(partly.status == 0)
    #expect(partly.errorText.contains("left out network namespace stale"))
    #expect(partly.lines.count == 2)
  }

  @Test func unreachableNamespacesAreLeftOutWithTheCapability() throws {
    let pair = try blue.pair(port: 8080)
    _ = try green.pair(port: 8080)
    let ended = try blue.connreap(
      ["list", "-o", "json", "--netns", both], behind: Self.withoutSysAdmin)
    let rows = try Listing(ended, status: 77).connections
    #expect(Set(rows.map(\.cookie)) == [pair.client.cookie, pair.server.cookie])
    #expect(ended.errorText.contains("left out network namespace"))
    #expect(ended.errorText.contains("CAP_SYS_ADMIN"))
    let alone = try blue.connreap(
      ["list", "--netns", "\(green.server.pid)"], behind: Self.withoutSysAdmin)
    #expect(alone.status == 77)
    #expect(alone.errorText.contains("CAP_SYS_ADMIN"))
    #expect(alone.output.isEmpty)
  }

  @Test(arguments: [
    ["stats"], ["stats", "--by", "process"], ["listeners"], ["metrics", "--state-dir"],
    ["report", "--html", "-", "--state-dir"],
  ])
  func unreachableNamespacesExitWith77(words: [String]) throws {
    _ = try blue.server.listen("listener", port: 8080)
    var words = words
    if words.last == "--state-dir" { words.append(blue.state.path) }
    let whole = try blue.connreap(words + ["--netns", both])
    #expect(whole.status == 0, "\(whole.errorText)")
    let partly = try blue.connreap(words + ["--netns", both], behind: Self.withoutSysAdmin)
    #expect(partly.status == 77, "\(partly.errorText)")
    #expect(words[0] == "report" || partly.errorText.contains("left out network namespace"))
    #expect((partly.text + partly.errorText).contains("CAP_SYS_ADMIN"))
    #expect(!partly.text.isEmpty, "the current namespace is still reported")
    let alone = try blue.connreap(words, behind: Self.withoutSysAdmin)
    #expect(alone.status == 0, "\(alone.errorText)")
  }

  @Test func theCurrentNamespaceNeedsNoCapability() throws {
    let pair = try blue.pair(port: 8080)
    let ended = try blue.connreap(
      ["list", "-o", "json", "--netns", "\(blue.server.pid)"], behind: Self.withoutSysAdmin)
    #expect(try Listing(ended).connections.contains { $0.cookie == pair.server.cookie })
    #expect(ended.errorText.isEmpty)
  }

  @Test(arguments: [
    ["--netns", "no-such"], ["--netns", "2147483647"], ["--netns", ""],
    ["--netns", "1,", "--state", "listen"], ["--netns", "all", "--replay", "x"],
    ["--netns", "all", "--record", "x"],
  ])
  func invalidNamespacesAreUsageErrors(arguments: [String]) throws {
    let ended = try Command.run([Tools.connreap, "list"] + arguments)
    #expect(ended.status == 64)
    #expect(ended.errorText.contains("netns"))
    #expect(ended.output.isEmpty)
  }

  @Test func interfacesOfOtherNamespacesAreRefused() throws {
    let ended = try blue.connreap(
      "list", "--netns", "\(green.server.pid)", "--interface", "lo")
    #expect(ended.status == 64)
    #expect(ended.errorText.contains("--interface"))
    #expect(
      try blue.connreap("list", "--netns", "\(blue.server.pid)", "--interface", "lo").status == 0)
  }

  @Test func interfacesOfOtherNamespacesAreNumbers() throws {
    _ = try blue.server.listen("listener", port: 8080)
    let socket = try blue.server.connect("bound", to: "127.0.0.1", port: 8080, ["device": "lo"])
    #expect(try blue.row(of: socket)?.interface == "lo")
    let rows = try green.rows("--netns", "\(blue.server.pid)")
    #expect(rows.first { $0.cookie == socket.cookie }?.interface == "1")
  }

  @Test func killWithoutASelectionIsRefusedInNamespaces() throws {
    #expect(try blue.connreap("kill", "--netns", "all").status == 64)
  }
}
