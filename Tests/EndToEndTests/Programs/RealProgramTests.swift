import Glibc
import Testing

/// Real servers: each loses its idle connections and keeps serving.
///
/// The tests run one at a time, so that a busy machine does not make active connections idle.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy, .serialized) struct RealProgramTests {
  let namespace: NetworkNamespace
  /// The program's files. An ordinary user owns them, because some programs refuse to run as root.
  let directory: TemporaryDirectory

  /// nobody and nogroup.
  private static let user: UInt32 = 65_534

  init() throws {
    namespace = try NetworkNamespace()
    directory = try TemporaryDirectory()
    #expect(chown(directory.path, Self.user, Self.user) == 0)
  }

  private var asUser: [String] {
    ["setpriv", "--reuid", "\(Self.user)", "--regid", "\(Self.user)", "--clear-groups", "--"]
  }

  private func start(_ arguments: [String]) throws -> Command {
    try Command(namespace.entering + arguments)
  }

  /// Connects as soon as the program listens.
  private func connect(_ name: String, port: UInt16) throws -> Socket {
    try namespace.wait(forListenerOn: port)
    return try namespace.server.connect(name, port: port)
  }

  /// Sends a question, and reads until the answer contains `end`.
  private func ask(_ socket: Socket, _ question: String, until end: String) throws -> String {
    #expect(try socket.send(question) == nil)
    var answer = ""
    while !answer.contains(end) {
      guard case .text(let text) = try socket.receive(), !text.isEmpty else { return answer }
      answer += text
    }
    return answer
  }

  /// Closes five idle connections, and checks that the program still serves the others.
  private func reap(
    _ process: String, port: UInt16, connect: (String) throws -> Socket,
    isServed: (Socket) throws -> Bool
  ) throws {
    let idle = try (0..<5).map { try connect("idle-\($0)") }
    for socket in idle { #expect(try isServed(socket)) }
    let used = try connect("used")
    for socket in idle { try namespace.waitUntilIdle(3000, socket) }
    let words = ["--idle", "3s", "--process", process]
    #expect(try isServed(used))
    let plan = try PlanReport(namespace.kill(words + ["--dry-run", "-o", "json"]))
    #expect(try isServed(used))
    let ended = try namespace.kill(words + ["-o", "json"])
    #expect(ended.status == 0, "\(ended.errorText)")
    let report = try PlanReport(ended)
    let rows = report.connections
    #expect(
      try #require(report.ownersAfter).filter { $0.name == process }.isEmpty,
      "the program has closed its descriptors")
    #expect(Set(rows.map(\.cookie)) == Set(plan.connections.map(\.cookie)))
    #expect(rows.allSatisfy { $0.local.port == port && $0.result == "closed" })
    #expect(Set(rows.map(\.peer.port)) == Set(idle.map(\.port)))
    for socket in idle { #expect(try socket.receive() == .failed("ECONNRESET")) }
    #expect(try isServed(used), "the used connection survives")
    #expect(try isServed(connect("next")), "the program accepts new connections")
  }

  @Test(.needs("redis-server")) func redisLosesIdleClients() throws {
    let program = try start([
      "redis-server", "--port", "6379", "--bind", "127.0.0.1", "--save", "",
      "--dir", directory.path,
    ])
    func isServed(_ socket: Socket) throws -> Bool {
      try ask(socket, "PING\r\n", until: "PONG\r\n") == "+PONG\r\n"
    }
    try reap(
      "redis-server", port: 6379, connect: { try connect($0, port: 6379) }, isServed: isServed)
    let last = try connect("last", port: 6379)
    // The used connection, the one after it, and this one.
    #expect(try ask(last, "INFO clients\r\n", until: "blocked").contains("connected_clients:3\r\n"))
    program.signal(SIGTERM)
    #expect(try program.end().status == 0, "it exits cleanly")
  }

  @Test(.needs("nginx")) func nginxLosesIdleConnections() throws {
    let configuration = try directory.write(
      "nginx.conf",
      """
      daemon off; master_process on; worker_processes 1; user root;
      pid \(directory.path)/pid; error_log \(directory.path)/errors;
      events {}
      http {
        access_log off;
        server { listen 127.0.0.1:8088; keepalive_timeout 600s; return 200 "served"; }
      }

      """)
    let program = try start(["nginx", "-c", configuration])
    func isServed(_ socket: Socket) throws -> Bool {
      let request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
      return try ask(socket, request, until: "served").hasPrefix("HTTP/1.1 200 OK\r\n")
    }
    try reap("nginx", port: 8088, connect: { try connect($0, port: 8088) }, isServed: isServed)
    program.signal(SIGQUIT)
    #expect(try program.end().status == 0)
  }

  @Test(.needsPostgreSQL) func postgreSQLLosesIdleSessions() throws {
    let binaries = try #require(Privilege.postgreSQL)
    let data = directory.path + "/data"
    let initialized = try Command.run(
      asUser + [
        "\(binaries)/initdb", "--no-sync", "--no-locale", "--auth", "trust", "--username",
        "postgres", "--pgdata", data,
      ], seconds: 60)
    try #require(initialized.status == 0, "\(initialized.errorText)")
    let program = try start(
      asUser + [
        "\(binaries)/postgres", "-D", data, "-p", "5432", "-c", "listen_addresses=127.0.0.1", "-c",
        "unix_socket_directories=", "-c", "fsync=off", "-c", "shared_buffers=16MB",
      ])
    /// Opens a session with the frontend/backend protocol 3.0.
    func session(_ name: String) throws -> Socket {
      let start = "\0\u{3}\0\0user\0postgres\0\0"
      let length = Unicode.Scalar(UInt8(start.utf8.count + 4))
      var session: Socket?
      // The server listens before it is ready, and refuses sessions until then.
      try waitUntil("PostgreSQL is ready", every: .milliseconds(50)) {
        let socket = try connect(name, port: 5432)
        let answer = try ask(socket, "\0\0\0\(length)" + start, until: "Z\0\0\0\u{5}I")
        guard answer.contains("Z\0\0\0\u{5}I") else {
          try socket.close()
          return false
        }
        session = socket
        return true
      }
      return try #require(session)
    }
    func query(_ socket: Socket, _ text: String) throws -> String {
      let length = Unicode.Scalar(UInt8(text.utf8.count + 5))
      return try ask(socket, "Q\0\0\0\(length)\(text)\0", until: "Z\0\0\0\u{5}I")
    }
    try reap(
      "postgres", port: 5432, connect: session,
      isServed: { try query($0, "SELECT 40+2").contains("42") })
    let last = try session("last")
    let count = try query(
      last, "SELECT 'n='||count(*) FROM pg_stat_activity WHERE client_port>0")
    #expect(count.contains("n=3"), "no backend remains for the closed connections")
    program.signal(SIGINT)
    #expect(try program.end().status == 0)
  }
}
