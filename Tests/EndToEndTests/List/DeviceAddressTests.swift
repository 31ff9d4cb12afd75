import FoundationEssentials
import Testing

/// Sockets whose addresses look alike and that differ in the interface or in the families they take.
@Suite(.waitsForPrograms, .needsNamespaces) struct DeviceAddressTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  private func run(_ words: String) throws {
    let ended = try namespace.server.run(words.split(separator: " ").map(String.init))
    try #require(ended.status == 0, "\(words): \(ended.errorText)")
  }

  /// Two devices with the same link-local address.
  private func addDevices() throws {
    for device in ["dev1", "dev2"] {
      // Not "dummy", a module that some kernels are built without.
      try run("ip link add \(device) type veth peer name \(device)-peer")
      try run("ip link set \(device)-peer up")
      try run("ip link set \(device) up")
      try namespace.addAddress("fe80::b", length: 64, device: device)
    }
  }

  /// A connection over each of both devices, alike but for that.
  private func connect() throws -> [String: (client: Socket, server: Socket)] {
    try addDevices()
    var pairs: [String: (client: Socket, server: Socket)] = [:]
    for device in ["dev1", "dev2"] {
      let listener = try namespace.server.listen(
        "listener-\(device)", on: "fe80::b%\(device)", port: 8080)
      let client = try namespace.server.connect(
        "client-\(device)", to: "fe80::b%\(device)", port: 8080,
        ["source_port": 40_000, "source": .string("fe80::b%\(device)")])
      pairs[device] = (client, try namespace.server.accept("server-\(device)", from: listener))
    }
    return pairs
  }

  private func ends(_ arguments: String...) throws -> Set<String> {
    let ended = try namespace.connreap(
      ["list", "--columns", "local,peer", "--no-header"] + arguments)
    #expect(ended.status == 0, "\(ended.errorText)")
    return Set(
      ended.lines.map { $0.split(separator: " ").joined(separator: " ") })
  }

  @Test func aLinkLocalConnectionShowsItsDeviceAtBothEnds() throws {
    _ = try connect()
    #expect(
      try ends("--local-port", "8080")
        == [
          "[fe80::b%dev1]:8080 [fe80::b%dev1]:40000", "[fe80::b%dev2]:8080 [fe80::b%dev2]:40000",
        ])
    let rows = try namespace.rows("--local-port", "8080")
    #expect(Set(rows.map(\.interface)) == ["dev1", "dev2"])
    #expect(rows.allSatisfy { $0.local.address == "fe80::b" }, "the address alone is one")
    let groups = try Statistics(
      namespace.connreap(
        "stats", "--by", "peer", "-o", "json", "--state", "established", "--local-port", "8080"
      ).text
    ).groups.compactMap(\.key)
    #expect(Set(groups) == ["fe80::b%dev1", "fe80::b%dev2"])
  }

  @Test func everyPrintedFormSelectsThatConnectionOnly() throws {
    let pairs = try connect()
    let wanted = try #require(pairs["dev1"])
    let both = Set([wanted.client.cookie, wanted.server.cookie])
    for value in ["fe80::b%dev1", "[fe80::b%dev1]", "[fe80::b]%dev1"] {
      for option in ["--host", "--local", "--peer"] {
        #expect(Set(try namespace.rows(option, value).map(\.cookie)) == both, "\(option) \(value)")
      }
    }
    for filter in [
      "dst [fe80::b%dev1]:40000", "dst fe80::b%dev1:40000", "host fe80::b%dev1 and sport = 8080",
    ] {
      #expect(
        try namespace.rows("--filter", filter).map(\.cookie) == [wanted.server.cookie], "\(filter)")
    }
    #expect(try namespace.rows("--host", "fe80::b").count == 4)
    let refused = try namespace.connreap("list", "--host", "fe80::b%none")
    #expect(refused.status == 64 && refused.errorText.contains(#"unknown interface "none""#))
  }

  @Test(.needsDestroy) func onlyTheConnectionOverThatDeviceIsClosedAndTheLogNamesIt() throws {
    let pairs = try connect()
    let dry = try namespace.connreap(
      "kill", "-n", "--local", "fe80::b%dev1", "--local-port", "8080")
    #expect(dry.text.contains("[fe80::b%dev1]:8080 → [fe80::b%dev1]:40000"), "\(dry.text)")
    let ended = try namespace.kill("--local", "fe80::b%dev1", "--local-port", "8080")
    #expect(ended.status == 0, "\(ended.errorText)")
    let left = Set(try namespace.rows().map(\.cookie))
    #expect(left == [try #require(pairs["dev2"]).client.cookie, pairs["dev2"]!.server.cookie])
    let log = try namespace.connreap("log", "--each", "--state-dir", namespace.state.path)
    #expect(log.text.contains("[fe80::b%dev1]:8080 → [fe80::b%dev1]:40000"), "\(log.text)")
    let found = try namespace.connreap(
      "log", "--state-dir", namespace.state.path, "--peer", "fe80::b%dev2", "-o", "jsonl")
    #expect(found.text.isEmpty)
  }

  @Test func wildcardsAndDevicesAreToldApart() throws {
    try addDevices()
    let server = namespace.server
    let shared: [String: JSONValue] = ["shared": .flag(true)]
    _ = try server.listen("four", on: "0.0.0.0", port: 7000, shared)
    for device in ["dev1", "dev2"] {
      _ = try server.listen(
        "four-\(device)", on: "0.0.0.0", port: 7000,
        ["shared": .flag(true), "device": .string(device)])
    }
    _ = try server.listen("six", on: "::", port: 7000, shared)
    let dual = try server.listen("dual", on: "::", port: 7001, mapped: true)
    let wanted: Set<String> = [
      "0.0.0.0:7000 0.0.0.0:*", "0.0.0.0%dev1:7000 0.0.0.0:*", "0.0.0.0%dev2:7000 0.0.0.0:*",
      "[::]:7000 [::]:*", "*:7001 *:*",
    ]
    #expect(try ends("--state", "listen") == wanted)
    let listeners = try namespace.connreap("listeners")
    for end in wanted {
      let local = try #require(end.split(separator: " ").first)
      #expect(listeners.lines.contains { $0.hasPrefix("\(local) ") }, "\(local)")
    }
    let metrics = try MetricsText(
      namespace.connreap("metrics", "--state-dir", namespace.state.path).text)
    #expect(
      Set(
        metrics.samples.filter { $0.name == "connreap_listener_backlog" }
          .compactMap { $0.labels["local"] })
        == Set(wanted.compactMap { $0.split(separator: " ").first.map(String.init) }))
    // What is printed is taken.
    for (value, count) in [
      ("0.0.0.0", 3), ("0.0.0.0%dev1", 1), ("[::]", 2), ("*", 1), ("::", 2),
    ] {
      let rows = try namespace.rows("--state", "listen", "--local", value)
      #expect(rows.count == count, "\(value)")
    }
    let row = try #require(try namespace.row(of: dual, "--state", "listen"))
    #expect(row.ipv6Only == false && row.local.address == "::")
  }

  @Test func aMappedAddressIsShownAsItsIPv4Address() throws {
    let listener = try namespace.server.listen("dual", on: "::", port: 8080, mapped: true)
    let pair = try namespace.pair(to: listener, address: "127.0.0.1", as: "mapped")
    let row = try #require(try namespace.row(of: pair.server))
    #expect(row.family == "ipv6" && row.mapped == true && row.local.address == "127.0.0.1")
    #expect(try #require(try namespace.row(of: pair.client)).mapped == nil)
    #expect(
      try ends("--local-port", "8080") == ["127.0.0.1:8080 127.0.0.1:\(pair.client.port)"])
    #expect(try namespace.rows("--local", "127.0.0.1", "-6").map(\.cookie) == [pair.server.cookie])
  }

  @Test func aDeviceOfAnotherNamespaceIsANumber() throws {
    let pairs = try connect()
    let pid = "\(namespace.server.pid)"
    let ended = try Command.run(
      [
        Tools.connreap, "list", "--netns", pid, "--local-port", "8080", "--columns", "local,peer",
        "--no-header",
      ])
    let locals = Set(ended.lines.compactMap { $0.split(separator: " ").first.map(String.init) })
    #expect(locals.count == 2, "\(ended.text)\(ended.errorText)")
    for local in locals {
      let zone = try #require(local.wholeMatch(of: /\[fe80::b%([0-9]+)\]:8080/)).1
      let one = try Listing(
        Command.run([
          Tools.connreap, "list", "--netns", pid, "-o", "json", "--local", "fe80::b%\(zone)",
          "--local-port", "8080",
        ]))
      #expect(one.connections.count == 1)
      #expect(pairs.values.contains { $0.server.cookie == one.connections.first?.cookie })
    }
  }
}
