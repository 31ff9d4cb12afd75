import Testing

/// Each option of a selection finds what it should, and leaves what it should.
///
/// One scene for all, whose connections differ in one point each.
@Suite(.waitsForPrograms, .needsNamespaces) struct ListSelectionTests {
  /// Connections from fixed source ports, so that each can be named by its client's port.
  final class Scene {
    let namespace: NetworkNamespace
    let client: Peer
    var ends: [UInt16: (client: Socket, server: Socket)] = [:]

    init() throws {
      namespace = try NetworkNamespace()
      client = try namespace.anotherPeer()
      try namespace.server.rename("server")
      try client.rename("client")
      let plain = try namespace.server.listen("plain", port: 8080)
      let other = try namespace.server.listen("other", port: 9090)
      let six = try namespace.server.listen("six", on: "::1", port: 8081)
      try connect(40_001, to: plain)
      try connect(40_002, to: other, extra: ["device": "lo"])
      try connect(40_003, to: six, address: "::1")
      try connect(40_004, to: plain, extra: ["mark": 7])
    }

    func connect(
      _ source: UInt16, to listener: Socket, address: String = "127.0.0.1",
      extra: [String: JSONValue] = [:]
    ) throws {
      let request = extra.merging(["source_port": .number(Int(source))]) { $1 }
      let near = try client.connect("\(source)", to: address, port: listener.port, request)
      ends[source] = (near, try namespace.server.accept("\(source)", from: listener))
    }

    /// The connections that a selection finds, each end as `c40001` or `s40001`, sorted.
    func found(_ selection: [String]) throws -> [String] {
      try namespace.rows(selection).map { row in
        ends[row.local.port] != nil ? "c\(row.local.port)" : "s\(row.peer.port)"
      }.sorted()
    }
  }

  let scene: Scene

  init() throws { scene = try Scene() }

  private static let everything = [
    "c40001", "c40002", "c40003", "c40004", "s40001", "s40002", "s40003", "s40004",
  ]

  @Test func withoutASelectionEverythingConnectedIsShown() throws {
    #expect(try scene.found([]) == Self.everything)
  }

  @Test func addressesAndPorts() throws {
    try expect([
      (["--host", "::1"], ["c40003", "s40003"]),
      (["--host", "127.0.0.1", "--port", "9090"], ["c40002", "s40002"]),
      (["--host", "127.0.0.0/8", "--port", "9000-9100"], ["c40002", "s40002"]),
      (["--host", "10.0.0.0/8"], []),
      (["--port", "8080"], ["c40001", "c40004", "s40001", "s40004"]),
      (["--port", "8081", "--port", "9090"], ["c40002", "c40003", "s40002", "s40003"]),
      (["--port", "8081,9090"], ["c40002", "c40003", "s40002", "s40003"]),
      (["--port", "8082-9089"], []),
      (["--local", "::1", "--local-port", "8081"], ["s40003"]),
      (["--local", "10.0.0.1"], []),
      (["--peer", "::1", "--peer-port", "8081"], ["c40003"]),
      (["--peer", "10.0.0.1"], []),
      (["--local-port", "9090"], ["s40002"]),
      (["--local-port", "9091"], []),
      (["--peer-port", "9090"], ["c40002"]),
      (["--peer-port", "9091"], []),
      (["-6"], ["c40003", "s40003"]),
      (["-4", "--local-port", "9090"], ["s40002"]),
      (["-4", "--host", "::1"], []),
    ])
  }

  @Test func owners() throws {
    let servers = ["s40001", "s40002", "s40003", "s40004"]
    try expect([
      (["--process", "server"], servers),
      (["--process", "serv*"], servers),
      (["--process", "python3*"], Self.everything),
      (["--process", "nobody-is-called-so"], []),
      (["--pid", "\(scene.namespace.server.pid)"], servers),
      (["--pid", "1"], []),
      (["--user", "0", "--local-port", "9090"], ["s40002"]),
      (["--user", "65533"], []),
    ])
  }

  @Test func deviceAndMark() throws {
    try expect([
      (["--interface", "lo"], ["c40002"]),
      (["--mark", "7"], ["c40004"]),
      (["--mark", "0x7/0xf"], ["c40004"]),
      (["--mark", "8"], []),
    ])
  }

  @Test func queues() throws {
    let ends = try #require(scene.ends[40_001])
    #expect(try ends.client.send("0123456789") == nil)
    try expect([
      (["--recv-queue", "10"], ["s40001"]),
      (["--recv-queue", "11"], []),
    ])
    let full = try #require(scene.ends[40_002])
    try full.client.fill()
    try expect([
      (["--send-queue", "1"], ["c40002"]),
      (["--send-queue", "1", "--peer-port", "8080"], []),
    ])
  }

  @Test func optionsThatDifferAreAllMet() throws {
    try expect([
      (["--port", "8080", "--process", "client"], ["c40001", "c40004"]),
      (["--port", "8080", "--process", "client", "--mark", "7"], ["c40004"]),
      (["--port", "9090", "--mark", "7"], []),
    ])
  }

  private func expect(_ cases: [(selection: [String], found: [String])]) throws {
    for (selection, expected) in cases {
      let found = try scene.found(selection)
      #expect(found == expected, "\(selection.joined(separator: " "))")
    }
  }
}
