import FoundationEssentials
import Glibc
import Testing

/// A policy run ends on a signal and at its timeout, whatever it waits for.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct RunEndTests {
  let namespace: NetworkNamespace
  let folder: TemporaryDirectory

  init() throws {
    namespace = try NetworkNamespace()
    folder = try TemporaryDirectory()
    #expect(chmod(namespace.state.path, 0o700) == 0)
    let listener = try namespace.server.listen("pool", port: 8080)
    _ = try namespace.closeWaits(3, to: listener)
  }

  private var state: String { namespace.state.path }

  private func file(_ match: String = "{state: close-wait}") throws -> String {
    try folder.write(
      "policy.yaml",
      "version: 1\npolicies:\n  - name: leak\n    match: \(match)\n    action: destroy\n")
  }

  private var leaks: Int {
    get throws { try namespace.rows("--state", "close-wait").count }
  }

  /// What blocks a run.
  enum Obstacle: String, CaseIterable, CustomTestStringConvertible {
    /// A process that keeps the database locked.
    case database
    /// A name server that does not answer.
    case nameServer
    /// The kernel, which lists sockets slowly.
    case kernel
    var testDescription: String { rawValue }
  }

  /// Interrupts every call that reads the kernel's list, again and again.
  ///
  /// One long delay would not work: strace holds an ending process until its delay is over.
  private static let endlessKernel = [
    "strace", "-D", "-f", "-o", "/dev/null", "-e", "trace=recvmsg", "-e",
    "inject=recvmsg:error=EINTR:delay_enter=100000",
  ]

  /// A run that waits for `obstacle`, and the processes that it needs.
  private func waitingRun(
    _ obstacle: Obstacle, _ options: [String]
  ) throws -> (running: Command, helper: Command?) {
    var apply = [Tools.connreap, "policy", "apply", "--state-dir", state] + options
    switch obstacle {
    case .database:
      #expect(
        try namespace.connreap("policy", "apply", "--state-dir", state, file("{port: 9}")).status
          == 0)
      let script =
        "import sqlite3,sys,time; c=sqlite3.connect(sys.argv[1],isolation_level=None); "
        + "c.execute('BEGIN EXCLUSIVE'); open(sys.argv[2],'w').close(); time.sleep(100)"
      let ready = folder.path + "/ready"
      let helper = try Command([Tools.python, "-c", script, state + "/connreap.db", ready])
      try waitUntil("it happens") { access(ready, F_OK) == 0 }
      return (try Command(namespace.entering + apply + [try file()]), helper)
    case .nameServer:
      let script =
        "import socket,sys,time; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); "
        + "s.bind(('127.0.0.1',53)); open(sys.argv[1],'w').close(); time.sleep(100)"
      let ready = folder.path + "/ready"
      let helper = try Command(
        namespace.entering + [Tools.python, "-c", script, ready])
      try waitUntil("it happens") { access(ready, F_OK) == 0 }
      let servers = try folder.write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:30\n")
      apply.append(try file("{state: close-wait, peer: no-such-host.example}"))
      return (
        try Command(
          namespace.entering + [
            "unshare", "--mount", "bash", "-c",
            "mount --bind \"$0\" /etc/resolv.conf; exec \"$@\"", servers,
          ] + apply), helper
      )
    case .kernel:
      return (
        try Command(
          namespace.entering + Self.endlessKernel + apply + [try file()]), nil
      )
    }
  }

  /// Whether the run has started: it has the watchdog thread and, unless it still reads its policies,
  /// the audit log.
  private func hasBegun(_ running: Command, isLogging: Bool) -> Bool {
    let process = "/proc/\(running.pid)"
    let name = (try? String(contentsOfFile: process + "/comm", encoding: .utf8)) ?? ""
    let status = (try? String(contentsOfFile: process + "/status", encoding: .utf8)) ?? ""
    guard name == "connreap\n", !status.contains("Threads:\t1\n") else { return false }
    let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: process + "/fd")) ?? []
    return !isLogging
      || descriptors.contains {
        let file = try? FileManager.default.destinationOfSymbolicLink(
          atPath: "\(process)/fd/\($0)")
        return file == state + "/audit.jsonl"
      }
  }

  private static let isTracing = Tools.has("strace", "-D", "-e", "trace=none", "/bin/true")

  @Test(arguments: Obstacle.allCases) func aSignalEndsTheRun(obstacle: Obstacle) throws {
    guard obstacle != .kernel || Self.isTracing else { return }
    let (running, helper) = try waitingRun(obstacle, [])
    defer { helper?.signal(SIGKILL) }
    try waitUntil("it happens") { hasBegun(running, isLogging: obstacle != .nameServer) }
    pause(for: .milliseconds(300))
    running.signal(SIGTERM)
    // The obstacle takes at least 30 s or, for the database, has another exit code.
    let ended = try running.end(within: 25)
    #expect(ended.status == 143, "\(ended.errorText)")
    #expect(ended.errorText.contains("stopped by SIGTERM"))
    helper?.signal(SIGKILL)
    #expect(try leaks == 3)
    if obstacle != .nameServer {
      #expect(try AuditedRun.all(in: state).last?.exit == 143)
    }
    #expect(try namespace.connreap("policy", "apply", "--state-dir", state, file()).status == 0)
    #expect(try leaks == 0, "the lock is free")
  }

  @Test(arguments: Obstacle.allCases) func theTimeoutEndsTheRun(obstacle: Obstacle) throws {
    guard obstacle != .kernel || Self.isTracing else { return }
    let (running, helper) = try waitingRun(obstacle, ["--timeout", "1500ms"])
    defer { helper?.signal(SIGKILL) }
    let ended = try running.end(within: 40)
    #expect(ended.status == 1, "\(ended.errorText)")
    #expect(ended.errorText.contains("timeout reached; nothing was closed"))
    helper?.signal(SIGKILL)
    #expect(try leaks == 3)
  }

  @Test func theTimeoutOfKillIncludesTheScan() throws {
    guard Self.isTracing else { return }
    let ended = try namespace.connreap(
      [
        "kill", "--yes", "--state-dir", state, "--local-port", "8080", "--timeout", "1500ms",
      ],
      behind: Self.endlessKernel)
    #expect(ended.status == 1, "\(ended.errorText)")
    #expect(ended.errorText.contains("timeout reached; nothing was closed"))
    #expect(try leaks == 3)
  }

  /// The first process of a container has no default signal actions.
  @Test func endsAsTheFirstProcessOfAContainer() throws {
    let container =
      namespace.entering + [
        "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--",
      ]
    let page = try folder.write(
      "page", "#!/bin/sh\ntouch \(folder.path)/ready; sleep 100\n", mode: 0o700)
    let file = try folder.write(
      "policy.yaml",
      "version: 1\npolicies:\n  - name: leak\n    match: {state: close-wait}\n"
        + "    action: report\n    notify: [\"\(page)\"]\n")
    let running = try Command(
      container + [Tools.connreap, "policy", "apply", "--state-dir", state, file])
    try waitUntil("it happens") { access(folder.path + "/ready", F_OK) == 0 }
    let children = "/proc/\(running.pid)/task/\(running.pid)/children"
    let text = try String(contentsOfFile: children, encoding: .utf8)
    let first = try #require(text.split(separator: " ").first.flatMap { Int32($0) })
    kill(first, SIGTERM)
    #expect(try running.end(within: 40).status == 143)
    let run = try #require(try AuditedRun.all(in: state).last)
    #expect(run.pid == 1 && run.exit == 143)
  }
}
