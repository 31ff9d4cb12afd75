import FoundationEssentials
import Glibc
import Testing

/// The output of `leaks -o json`.
struct LeakListing: Decodable {
  struct Leak: Decodable {
    struct Remedy: Decodable {
      let kill: String
      let policy: String
    }

    struct Descriptors: Decodable {
      let used: Int?
      let limit: Int?
    }

    struct Owner: Decodable {
      let pid: Int32
      let name: String
    }

    let program: String?
    let owners: [Owner]
    let leaked: Int
    let dead: Int?
    let idle: Int
    let container: String?
    let growth: Double?
    let growthFrom: String?
    let descriptors: Descriptors?
    let remedy: Remedy?

    private enum CodingKeys: String, CodingKey {
      case program, owners, leaked, dead, idle, container, descriptors, remedy
      case growth = "growth_per_hour"
      case growthFrom = "growth_from"
    }
  }

  let time: String
  let host: String
  let leaks: [Leak]

  init(_ text: some StringProtocol) throws {
    self = try JSONDecoder().decode(LeakListing.self, from: Data(text.utf8))
  }
}

/// `leaks` on real programs, and every command that it suggests.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy, .serialized) struct LeaksTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  /// A process with this name that holds connections in CLOSE-WAIT for at least a second.
  private func leaker(_ name: String, _ count: Int, port: UInt16) throws -> Peer {
    let peer = try namespace.anotherPeer()
    try peer.rename(name)
    let listener = try peer.listen("leaks", port: port)
    for number in 1...count {
      let client = try namespace.server.connect("\(name)-\(number)", port: port)
      _ = try peer.accept("\(name)-held-\(number)", from: listener)
      try client.close()
    }
    try waitUntil("the connections have leaked") {
      try namespace.rows("--state", "close-wait", "--local-port", "\(port)", "--in-state", "1s")
        .count
        == count
    }
    return peer
  }

  private func leaks(_ arguments: String...) throws -> LeakListing {
    let ended = try namespace.connreap(
      [
        "leaks", "-o", "json", "--leaked-after", "1s", "--netns", "\(namespace.server.pid)",
        "--state-dir", namespace.state.path,
      ] + arguments)
    #expect(ended.status == 0, "\(ended.errorText)")
    return try LeakListing(ended.text)
  }

  /// Runs a command that connreap suggested, in the namespace and as it was printed.
  private func runSuggested(_ command: String, more: String = "") throws -> CommandResult {
    let bin = namespace.state.path + "/bin"
    if access(bin, F_OK) != 0 {
      try #require(mkdir(bin, 0o755) == 0 && symlink(Tools.connreap, bin + "/connreap") == 0)
    }
    return try Command.run(
      namespace.entering + [
        "sh", "-c", "cd \"$0\" && PATH=\"$0/bin:$PATH\" && \(command)\(more)",
        namespace.state.path,
      ])
  }

  @Test func programsThatLeakAreFoundTheWorstFirst() throws {
    let worst = try leaker("orders", 5, port: 8080)
    let other = try leaker("stock", 2, port: 8081)
    let found = try leaks()
    #expect(found.leaks.map(\.program) == ["orders", "stock"])
    #expect(found.leaks.map(\.leaked) == [5, 2] && found.leaks.map(\.dead) == [0, 0])
    #expect(found.leaks.map { $0.owners.map(\.pid) } == [[worst.pid], [other.pid]])
    let descriptors = try #require(found.leaks[0].descriptors)
    #expect((descriptors.used ?? 0) >= 6 && (descriptors.limit ?? 0) >= (descriptors.used ?? 0))
    #expect(found.time.hasSuffix("Z") && !found.host.isEmpty)
  }

  @Test func theSuggestedCommandClosesExactlyTheLeakOfTheProgram() throws {
    let worst = try leaker("orders", 3, port: 8080)
    let other = try leaker("stock", 2, port: 8081)
    let command = try #require(try leaks().leaks.first?.remedy?.kill)
    let ended = try runSuggested(command, more: " --yes --state-dir state")
    #expect(ended.status == 0, "\(ended.text)\(ended.errorText)")
    #expect(try namespace.rows("--state", "close-wait").count == 2, "stock is another program")
    let after = try leaks()
    let dead = try #require(after.leaks.first { $0.program == "orders" })
    #expect(dead.leaked == 0 && dead.dead == 3, "the program still holds the descriptors")
    #expect(dead.remedy == nil, "only the program can free them")
    try worst.drop("orders-held")
    #expect(try leaks().leaks.map(\.program) == ["stock"])
    withExtendedLifetime(other) {}
  }

  @Test func theSuggestedPolicyIsValidAndCoversExactlyTheLeak() throws {
    let worst = try leaker("orders", 3, port: 8080)
    let other = try leaker("stock", 2, port: 8081)
    let command = try #require(try leaks().leaks.first?.remedy?.policy)
    let written = try runSuggested(command, more: " > leak.yaml")
    #expect(written.status == 0 && written.errors.isEmpty, "\(written.errorText)")
    let checked = try runSuggested("connreap policy check leak.yaml")
    #expect(checked.status == 0, "\(checked.text)\(checked.errorText)")
    let planned = try runSuggested("connreap policy plan -o json --state-dir state leak.yaml")
    #expect(planned.status == 0, "\(planned.text)\(planned.errorText)")
    #expect(planned.text.contains("orders") && !planned.text.contains("stock"))
    withExtendedLifetime((worst, other)) {}
  }

  @Test func twoLooksMeasureTheGrowth() throws {
    let peer = try leaker("orders", 2, port: 8080)
    let found = try leaks("--for", "1s")
    #expect(found.leaks.map(\.growth) == [0] && found.leaks[0].growthFrom == "observation")
    withExtendedLifetime(peer) {}
  }

  @Test func idleConnectionsCountIfAskedFor() throws {
    let listener = try namespace.server.listen("idle", port: 8080)
    let pair = try namespace.pair(to: listener, as: "idle")
    try namespace.waitUntilIdle(1500, pair.server)
    #expect(try leaks().leaks.isEmpty)
    let found = try leaks("--idle", "1s")
    #expect(found.leaks.map(\.idle).reduce(0, +) >= 1)
  }

  @Test func theExitCodeTellsOnlyIfAskedFor() throws {
    let words = [
      "leaks", "--leaked-after", "1s", "--netns", "\(namespace.server.pid)", "--state-dir",
      namespace.state.path,
    ]
    let well = try namespace.connreap(words + ["--exit-code"])
    #expect(well.status == 0 && well.text.hasPrefix("No leaks: "))
    let peer = try leaker("orders", 1, port: 8080)
    #expect(try namespace.connreap(words).status == 0)
    let ill = try namespace.connreap(words + ["--exit-code"])
    #expect(ill.status == 1 && ill.errors.isEmpty, "\(ill.errorText)")
    #expect(ill.text.hasPrefix("1 program leaks connections: orders[\(peer.pid)], 1 so far.\n"))
  }

  @Test func aSelectionLimitsTheSearch() throws {
    let worst = try leaker("orders", 2, port: 8080)
    let other = try leaker("stock", 3, port: 8081)
    #expect(try leaks("--process", "orders").leaks.map(\.program) == ["orders"])
    #expect(try leaks("--local-port", "8081").leaks.map(\.dead) == [nil], "not zero")
    #expect(try leaks("--by", "peer").leaks.map(\.leaked) == [5])
    withExtendedLifetime((worst, other)) {}
  }

  @Test(
    arguments: [
      (["--by", "colour"], "process"), (["--for", "10"], "unit"),
      (["--leaked-after", "0s"], "at least 1ms"),
      (["-o", "jsonl"], "jsonl"),
    ] as [([String], String)])
  func badValuesAreReported(words: [String], part: String) throws {
    let ended = try Command.run([Tools.connreap, "leaks"] + words)
    #expect(ended.status == 64 && ended.text.isEmpty && ended.errorText.contains(part))
  }
}
