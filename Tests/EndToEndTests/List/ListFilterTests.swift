import Testing

/// Filters beside options, and what is said of those that cannot be read.
@Suite(.waitsForPrograms, .needsNamespaces) struct ListFilterTests {
  private let namespace: NetworkNamespace
  private let client: Peer

  init() throws {
    namespace = try NetworkNamespace()
    client = try namespace.anotherPeer()
    try namespace.server.rename("server")
    try client.rename("client")
  }

  private func ports(_ arguments: String...) throws -> [UInt16] {
    try namespace.rows(arguments).map(\.local.port).sorted()
  }

  @Test func ownersAndQueuesAndTimesAreTerms() throws {
    let pair = try namespace.pair(port: 8080, client: client)
    _ = try namespace.pair(port: 9090, client: client)
    _ = try pair.client.send("ping")
    #expect(try ports("--filter", "process = server and not sport = :8080") == [9090])
    #expect(try ports("recv-queue", ">", "0") == [8080])
    #expect(try ports("process = server idle < 1h") == [8080, 9090])
    #expect(try ports("process = server idle > 1h") == [])
    #expect(try ports("pid = \(client.pid) dport = :9090").count == 1)
    #expect(try ports("process = server or process = client").count == 4)
    #expect(try ports("process = nobody-is-called-so") == [])
    #expect(try ports("family = ipv6 or user != root") == [])
  }

  @Test func filtersAndOptionsMustAllHold() throws {
    _ = try namespace.pair(port: 8080, client: client)
    _ = try namespace.pair(port: 9090, client: client)
    #expect(try ports("--process", "server", "port", "8080", "or", "9090") == [8080, 9090])
    #expect(
      try ports("--filter", "port 8080 or 9090", "--filter", "sport < 9000", "not", "dport", "80")
        == [8080])
    #expect(try ports("--local-port", "8080", "--filter", "port 9090") == [])
    #expect(try ports("state listening") == [8080, 9090])
    #expect(try ports("--state", "listen", "sport = :8080") == [8080])
  }

  @Test func killTakesTheLineOfTcpkill() throws {
    let near = try namespace.pair(port: 8080, client: client)
    let far = try namespace.pair(port: 9090, client: client)
    let ended = try namespace.kill("port", "8080", "and", "host", "127.0.0.1")
    #expect(ended.status == 0 || !Privilege.destroys)
    if Privilege.destroys { #expect(try !near.client.reaches(near.server)) }
    #expect(try far.client.reaches(far.server))
  }

  @Test(arguments: [
    ["tcp"], ["state", "all"], ["connected"], ["--filter", "exclude listening"], ["dst *"],
    ["--state", "all"], ["tcp or port 8080"],
  ])
  func killRefusesAFilterThatSelectsEverything(filter: [String]) throws {
    let pair = try namespace.pair(port: 8080, client: client)
    let ended = try namespace.kill(filter)
    #expect(ended.status == 64)
    #expect(ended.errorText.contains("--all"))
    #expect(try pair.client.reaches(pair.server))
    #expect(try namespace.kill(filter + ["--all", "--dry-run"]).status == 0)
  }

  @Test func anErrorPointsAtTheCharacter() throws {
    let trailing = try namespace.connreap("list", "sport", "=", ":8080", "andd", "port", "1")
    #expect(trailing.status == 64)
    #expect(
      trailing.errorText == """
        connreap: filter: unknown word "andd"; did you mean "and"?
          sport = :8080 andd port 1
                        ^~~~

        """)
    let option = try namespace.connreap("kill", "--filter", "idle > 5")
    #expect(option.status == 64)
    #expect(
      option.errorText == """
        connreap: --filter: a duration needs a unit: "5"; write 5s, 5m or 5h
          --filter idle > 5
                          ^

        """)
  }

  @Test func ofALongFilterThePartAroundTheErrorIsShown() throws {
    let many = String(repeating: "port 1 or ", count: 400)
    let ended = try namespace.connreap("list", many + "prot 2 or " + many + "port 3")
    #expect(ended.status == 64)
    let lines = ended.errorText.split(separator: "\n")
    #expect(lines.count == 3 && lines.allSatisfy { $0.count < 170 })
    let caret = lines[2].prefix { $0 == " " }.count
    #expect(lines[1].dropFirst(caret).hasPrefix("prot") && lines[2].hasSuffix("^~~~"))
  }
}
