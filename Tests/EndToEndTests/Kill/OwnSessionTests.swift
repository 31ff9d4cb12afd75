import FoundationEssentials
import Glibc
import Testing

/// The session that runs connreap, with real SSH servers, tunnels and terminal multiplexers.
@Suite(
  .needsNamespaces, .needsDestroy, .needs("ssh"),
  .enabled(if: Tools.has("test", "-x", "/usr/sbin/sshd")))
struct OwnSessionTests {
  let namespace: NetworkNamespace
  let server: SSHServer
  private static let port: UInt16 = 2200
  private static let tunnel: UInt16 = 2222

  init() throws {
    namespace = try NetworkNamespace()
    server = try SSHServer(in: namespace, port: Self.port)
  }

  /// A `kill` command for every connection, including those of sshd.
  private var killCommand: String {
    "\(Tools.connreapWord) kill --all --yes --unprotect sshd,dropbear --state-dir "
      + "\(namespace.state.path) -o json"
  }

  /// Runs `kill` in a session through the tunnel, and checks that the session survives.
  private func killThroughTheTunnel() throws {
    let other = try namespace.pair(port: 8080)
    // The session prints its status only if it survives.
    let ended = try Command.run(
      server.client(to: Self.tunnel) + [killCommand + "; echo status $?"], seconds: 60)
    #expect(ended.status == 0, "\(ended.errorText)")
    let text = ended.text
    let end = try #require(text.firstRange(of: "status 0"), "\(text)\(ended.errorText)")
    let report = try JSONDecoder().decode(
      PlanReport.self, from: Data(text[..<end.lowerBound].utf8))
    let tunnelRows = report.connections.filter {
      [$0.local.port, $0.peer.port].contains { [Self.port, Self.tunnel].contains($0) }
    }
    #expect(tunnelRows.count >= 4, "both ends of two connections")
    for row in tunnelRows {
      #expect(row.result == "spared" && row.reason?.hasPrefix("your own session") == true)
    }
    // connreap may close either end first.
    let ends = report.connections.filter {
      [other.client.cookie, other.server.cookie].contains($0.cookie)
    }
    #expect(ends.contains { $0.result == "closed" }, "\(ends)")
  }

  @Test(.needs("socat")) func aSocatTunnelBelongsToTheSession() throws {
    let socat = try Command(
      namespace.entering + [
        "socat", "TCP-LISTEN:\(Self.tunnel),fork,reuseaddr,bind=127.0.0.1",
        "TCP:127.0.0.1:\(Self.port)",
      ])
    defer { socat.signal(SIGTERM) }
    try namespace.wait(forListenerOn: Self.tunnel)
    try killThroughTheTunnel()
  }

  @Test(.needs("haproxy")) func aProxyBelongsToTheSession() throws {
    let file = try namespace.state.write(
      "haproxy.cfg",
      """
      defaults
        mode tcp
        timeout connect 5s
        timeout client 60s
        timeout server 60s
      listen ssh
        bind 127.0.0.1:\(Self.tunnel)
        server one 127.0.0.1:\(Self.port)

      """)
    let haproxy = try Command(namespace.entering + ["haproxy", "-db", "-f", file])
    defer { haproxy.signal(SIGTERM) }
    try namespace.wait(forListenerOn: Self.tunnel)
    try killThroughTheTunnel()
  }

  /// Attaches to a multiplexer from a second session, and runs `kill` inside it.
  private func killInside(
    start: String, attach: String, clients: () throws -> Bool, type: (String) throws -> Void
  ) throws {
    let other = try namespace.pair(port: 8080)
    let first = try Command.run(
      server.client(options: ["-tt"]) + ["TERM=xterm \(start)"], seconds: 60)
    #expect(first.status == 0, "\(first.text)\(first.errorText)")
    let second = try Command(server.client(options: ["-tt"]) + ["TERM=xterm \(attach)"])
    defer { second.signal(SIGTERM) }
    try waitUntil("attached", clients)
    let (output, status) = ("\(namespace.state.path)/out", "\(namespace.state.path)/status")
    try type("\(killCommand) >\(output) 2>&1; echo $? >\(status).new; mv \(status).new \(status)")
    try waitUntil("killed") { access(status, F_OK) == 0 }
    let text = try String(contentsOfFile: output, encoding: .utf8)
    #expect(try String(contentsOfFile: status, encoding: .utf8) == "0\n", "\(text)")
    let report = try JSONDecoder().decode(PlanReport.self, from: Data(text.utf8))
    let sessions = report.connections.filter { $0.local.port == Self.port }
    #expect(!sessions.isEmpty)
    for row in sessions {
      #expect(row.result == "spared" && row.reason?.hasPrefix("your own session") == true)
    }
    #expect(try clients(), "the second session survives")
    // connreap may close either end first.
    let ends = report.connections.filter {
      [other.client.cookie, other.server.cookie].contains($0.cookie)
    }
    #expect(ends.contains { $0.result == "closed" }, "\(ends)")
  }

  @Test(.needs("tmux")) func aSessionAttachedToTmuxIsYourOwn() throws {
    let tmux = "tmux -S \(namespace.state.path)/tmux -f /dev/null"
    let words = tmux.split(separator: " ").map(String.init)
    defer { _ = try? Command.run(words + ["kill-server"]) }
    try killInside(
      start: "\(tmux) new-session -d 'exec sh'", attach: "\(tmux) attach",
      clients: { try !Command.run(words + ["list-clients"]).lines.isEmpty },
      type: { _ = try Command.run(words + ["send-keys", "--", $0, "Enter"]) })
  }

  @Test(.needs("screen")) func aSessionAttachedToScreenIsYourOwn() throws {
    let directory = "\(namespace.state.path)/screens"
    let name = "connreap-\(namespace.server.pid)"
    let screen = ["env", "SCREENDIR=\(directory)", "screen"]
    #expect(mkdir(directory, 0o700) == 0)
    defer { _ = try? Command.run(screen + ["-S", name, "-X", "quit"]) }
    let words = screen.joined(separator: " ")
    // Without setsid, the end of the first SSH session can hang up screen while it starts.
    try killInside(
      start: "setsid -w \(words) -c /dev/null -dmS \(name) sh", attach: "\(words) -x \(name)",
      clients: { try Command.run(screen + ["-ls"]).text.contains("ttached)") },
      type: { _ = try Command.run(screen + ["-S", name, "-p", "0", "-X", "stuff", $0 + "\r"]) })
  }

  @Test(.needs("dropbear")) func dropbearIsSparedUnlessUnprotected() throws {
    let key = "\(namespace.state.path)/dropbear-key"
    #expect(try Command.run(["dropbearkey", "-t", "ed25519", "-f", key]).status == 0)
    let dropbear = try Command(
      namespace.entering + ["dropbear", "-F", "-E", "-r", key, "-p", "127.0.0.1:2300"])
    defer { dropbear.signal(SIGTERM) }
    try namespace.wait(forListenerOn: 2300)
    let client = try namespace.server.connect("client", port: 2300)
    guard case .text(let banner) = try client.receive(), banner.hasPrefix("SSH-2.0") else {
      Issue.record("no SSH banner")
      return
    }
    let spared = try namespace.kill("--local-port", "2300", "--unprotect", "sshd")
    #expect(spared.text.contains("held by dropbear["), "\(spared.text)\(spared.errorText)")
    let closed = try namespace.kill("--local-port", "2300", "--unprotect", "dropbear")
    #expect(closed.text.contains("closed 1"), "\(closed.text)\(closed.errorText)")
  }
}
