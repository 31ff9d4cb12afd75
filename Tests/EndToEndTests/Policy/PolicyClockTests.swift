import Testing

/// Policies with a history on a machine whose clock cannot be trusted.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct PolicyClockTests {
  let namespace: NetworkNamespace
  let halfClosed: Socket

  init() throws {
    namespace = try NetworkNamespace()
    let pair = try namespace.pair(port: 8080)
    try pair.client.finish()
    halfClosed = pair.client
  }

  private func policy(inState: String) throws -> String {
    try namespace.state.write(
      "half-closed.yaml",
      """
      version: 1
      policies:
        - name: half-closed
          match: {state: fin-wait-2}
          in-state: \(inState)
          action: destroy
          limit: 9
      """)
  }

  private func apply(_ file: String, behind prefix: [String] = []) throws -> CommandResult {
    let ended = try namespace.connreap(
      ["policy", "apply", "--state-dir", namespace.state.path, file], behind: prefix)
    #expect(ended.status == 0, "\(ended.errorText)")
    return ended
  }

  private var isOpen: Bool {
    get throws { try namespace.row(of: halfClosed, "--state", "fin-wait-2") != nil }
  }

  /// Mounts a file over `/proc/uptime`, as lxcfs does in a container.
  private func withUptime(_ seconds: Int) throws -> [String] {
    let file = try namespace.state.write("uptime", "\(seconds).00 \(seconds).00\n", mode: 0o444)
    return [
      "unshare", "--mount", "--propagation", "private", "--", "sh", "-c",
      "mount --bind '\(file)' /proc/uptime && exec \"$@\"", "sh",
    ]
  }

  /// Changes the database as sqlite3 would.
  private func change(_ statement: String) throws {
    let script = """
      import sqlite3, sys
      with sqlite3.connect(sys.argv[1]) as database: database.execute(sys.argv[2])
      """
    let ended = try Command.run([
      Tools.python, "-c", script, namespace.state.path + "/connreap.db", statement,
    ])
    #expect(ended.status == 0, "\(ended.errorText)")
  }

  @Test func ignoresAFileMountedOverTheUptime() throws {
    let file = try policy(inState: "30m")
    #expect(try apply(file).text.contains("half-closed"))
    for uptime in [864_000, 10_000_000, 1] {
      let ended = try apply(file, behind: withUptime(uptime))
      #expect(ended.errorText.isEmpty, "\(ended.errorText)")
      let listed = try namespace.connreap(
        ["list", "-o", "json", "--age", "30m", "--state-dir", namespace.state.path],
        behind: withUptime(uptime))
      #expect(try Listing(listed).connections.isEmpty)
    }
    #expect(try apply(file).text.contains("closed 1") == false)
    #expect(try isOpen)
  }

  /// The database claims that this connection has been in its state since boot.
  @Test(arguments: [
    ("UPDATE clock SET wall = wall + 3600000", "more than the wall clock"),
    ("UPDATE clock SET uptime = uptime + 3600000", "less than at the last run"),
    ("DELETE FROM clock", "from an earlier version of connreap"),
  ])
  func discardsAMemoryFromAnotherClock(change: String, reason: String) throws {
    let file = try policy(inState: "30s")
    _ = try apply(file)
    try self.change("UPDATE connection SET first_seen = 0, state_since = 0")
    try self.change(change)
    let selection = ["list", "-o", "json", "--age", "30s", "--state-dir", namespace.state.path]
    let listed = try namespace.connreap(selection)
    #expect(try Listing(listed).connections.isEmpty)
    #expect(listed.errorText.contains(reason), "\(listed.errorText)")
    let planned = try namespace.connreap(
      "policy", "plan", "--state-dir", namespace.state.path, file)
    #expect(planned.errorText.contains(reason), "\(planned.errorText)")
    #expect(planned.text.contains("close nothing") || !planned.text.contains("close 1"))
    let applied = try apply(file)
    #expect(applied.errorText.contains("warning: "), "\(applied.errorText)")
    #expect(applied.errorText.contains(reason), "\(applied.errorText)")
    #expect(try isOpen)
    // The next run trusts the new memory and reports nothing.
    #expect(try apply(file).errorText.isEmpty)
    #expect(try isOpen)
  }

  /// The same with a trusted clock: the memory counts.
  @Test func usesAMemoryFromTheSameClock() throws {
    let file = try policy(inState: "30s")
    _ = try apply(file)
    try change("UPDATE connection SET first_seen = 0, state_since = 0")
    let applied = try apply(file)
    #expect(applied.text.contains("closed 1"), "\(applied.text)")
    #expect(try !isOpen)
  }
}
