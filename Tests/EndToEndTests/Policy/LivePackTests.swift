import Glibc
import Testing

/// The policies of `Policies/` with smaller numbers and shorter times, on the real kernel. The tests
/// of cron and systemd cover the CLOSE-WAIT pile-up.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct LivePackTests {
  /// Not a loopback address, since most policies exclude those.
  private static let address = "10.9.0.1"

  private let namespace: NetworkNamespace
  private let folder: TemporaryDirectory
  private let client: Peer

  init() throws {
    namespace = try NetworkNamespace()
    client = try namespace.anotherPeer()
    folder = try TemporaryDirectory()
    let added = try Command.run(
      namespace.entering + ["ip", "address", "add", Self.address + "/32", "dev", "lo"])
    try #require(added.status == 0, "\(added.errorText)")
  }

  /// The shipped file with this name, with the values of some of its keys changed.
  private func shipped(
    _ name: String, _ changes: [(old: String, new: String)]
  ) throws -> String {
    var text = try Checkout.read("Policies/\(name).yaml")
    for (old, new) in changes {
      try #require(text.contains(old + "\n"), "\(name) has no '\(old)'")
      text.replace(old + "\n", with: new + "\n")
    }
    return try folder.write("\(name).yaml", text)
  }

  /// Applies the file once the connections have been idle for long enough.
  private func apply(_ file: String) throws -> CommandResult {
    pause(for: .milliseconds(400))
    let ended = try namespace.connreap([
      "policy", "apply", "--state-dir", namespace.state.path, file,
    ])
    #expect(ended.status == 0, "\(ended.errorText)")
    return ended
  }

  /// Opens connections from the client's process to the server's, which listens on `port`.
  private func connections(
    _ count: Int, to port: UInt16
  ) throws -> [(client: Socket, server: Socket)] {
    let listener = try namespace.server.listen("pool", on: Self.address, port: port)
    return try (0..<count).map {
      // The kernel counts time in ticks of up to 10 ms. Within a tick, neither is newer.
      if $0 > 0 { pause(for: .milliseconds(30)) }
      return try namespace.pair(
        to: listener, address: Self.address, client: client, as: "pool-\($0)")
    }
  }

  private func count(_ state: String) throws -> Int {
    try namespace.rows("--state", state).count
  }

  @Test func reportsConnectionsIdleForADay() throws {
    _ = try connections(3, to: 8080)
    let file = try shipped(
      "idle-established", [("idle: 24h", "idle: 300ms"), ("threshold: 20", "threshold: 3")])
    let ended = try apply(file)
    #expect(ended.text.contains("report 6"), "\(ended.text)")
    #expect(try count("established") == 6)
  }

  @Test func keepsTheNewestConnectionsOfAPeer() throws {
    let listener = try namespace.server.listen("pool", on: Self.address, port: 8080)
    for number in 0..<4 {
      // The two newest must be the ends of the last connection.
      pause(for: .milliseconds(50))
      _ = try namespace.pair(
        to: listener, address: Self.address, client: client, as: "pool-\(number)")
    }
    let file = try shipped(
      "connection-hog",
      [
        ("idle: 5m", "idle: 300ms"), ("threshold: 500", "threshold: 8"), ("keep: 100", "keep: 2"),
        ("limit-percent: 90", "limit-percent: 100"),
      ])
    #expect(try apply(file).text.contains("connection-hog-idle"))
    #expect(try count("established") == 2, "both ends of the newest")
  }

  @Test func closesTheLeaksOfAContainerInTheSecondRun() throws {
    let identifier = TestControlGroup.containerID()
    let container = try TestControlGroup(
      in: try TestControlGroup(), "docker-\(identifier).scope")
    try container.take(namespace.server.pid)
    // The policy examines every container of the machine, including those of other tests.
    let port = UInt16.random(in: 20_000..<30_000)
    for pair in try connections(3, to: port) { try pair.client.finish() }
    let file = try shipped(
      "container-leak",
      [
        ("in-state: 5m", "in-state: 300ms"), ("threshold: 50", "threshold: 3"),
        ("keep: 10", "keep: 1"), ("state: close-wait", "state: close-wait\n      port: \(port)"),
      ])
    _ = try apply(file)
    #expect(try count("close-wait") == 3, "seen once")
    #expect(try apply(file).text.contains(String(identifier.prefix(12))))
    #expect(try count("close-wait") == 1)
  }

  @Test func shutsDownIdleDatabaseSessionsInTheThirdRun() throws {
    let sessions = try connections(3, to: 5432)
    let file = try shipped(
      "database-sessions",
      [("idle: 8h", "idle: 300ms"), ("threshold: 5", "threshold: 3"), ("keep: 2", "keep: 1")])
    for _ in 0..<2 { _ = try apply(file) }
    #expect(try count("established") == 6, "not seen often enough")
    _ = try apply(file)
    #expect(try count("established") == 2, "the newest and its other end")
    #expect(try sessions[0].server.receive() == .end, "closed by FIN")
  }

  @Test func closesHalfOpenConnections() throws {
    for pair in try connections(3, to: 8080) { try pair.client.finish() }
    let file = try shipped(
      "half-open-fin-wait-2",
      [("in-state: 30m", "in-state: 300ms"), ("threshold: 10", "threshold: 3")])
    _ = try apply(file)
    #expect(try count("fin-wait-2") == 3, "the kernel keeps no time for it")
    _ = try apply(file)
    #expect(try count("fin-wait-2") == 0)
  }

  @Test func shutsDownIdleHTTPConnections() throws {
    let pool = try connections(3, to: 8080)
    let file = try shipped(
      "http-keepalive",
      [("idle: 15m", "idle: 300ms"), ("threshold: 200", "threshold: 3"), ("keep: 50", "keep: 1")])
    _ = try apply(file)
    #expect(try count("established") == 2)
    #expect(try pool[0].client.receive() == .end, "closed by FIN")
  }

  @Test func probesASilentPeerBeforeClosing() throws {
    let pair = try connections(1, to: 8080)[0]
    let file = try shipped("stalled-peers", [("idle: 2h", "idle: 300ms")])
    #expect(try apply(file).text.contains("silent-probe"))
    #expect(try pair.client.keepalive().first == 1, "SO_KEEPALIVE is on")
    #expect(try pair.client.reaches(pair.server))
  }
}
