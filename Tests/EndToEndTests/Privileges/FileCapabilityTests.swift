import Glibc
import Testing

/// An ordinary user runs a copy of the tool that has file capabilities.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy, .needsFileCapabilities)
struct FileCapabilityTests {
  let namespace: NetworkNamespace
  /// A peer that runs as the user, and one that runs as root.
  let (own, roots): (Peer, Peer)
  /// A directory with a copy of the tool that any user may run, and the user's state directory.
  let (directory, tool, state): (TemporaryDirectory, String, String)

  /// A user ID that no machine uses.
  static let user: UInt32 = 54_321
  static let capabilities = "cap_net_admin,cap_sys_ptrace,cap_dac_read_search=p"

  init() throws {
    namespace = try NetworkNamespace()
    directory = try TemporaryDirectory()
    tool = directory.path + "/connreap"
    state = directory.path + "/state"
    #expect(chmod(directory.path, 0o755) == 0)
    #expect(try Command.run(["cp", Tools.connreap, tool]).status == 0)
    #expect(mkdir(state, 0o700) == 0 && chown(state, Self.user, Self.user) == 0)
    roots = namespace.server
    own = try namespace.anotherPeer()
    try own.become(user: Self.user)
  }

  private func setCapabilities(_ capabilities: String = capabilities) throws {
    #expect(try Command.run(["setcap", capabilities, tool]).status == 0)
  }

  /// Runs the copy as the user.
  private func connreap(
    _ arguments: [String], options: [String] = [], environment: [String: String] = [:]
  ) throws -> CommandResult {
    let user = "\(Self.user)"
    return try Command.run(
      namespace.entering
        + ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"] + options
        + ["--", tool] + arguments, environment: environment)
  }

  private func kill(_ arguments: String..., options: [String] = []) throws -> CommandResult {
    try connreap(
      ["kill", "--yes", "--state-dir", state] + arguments, options: options)
  }

  /// A connection from root to the user's server, and one from the user to root's server.
  private func connections() throws -> (mine: (Socket, Socket), roots: (Socket, Socket)) {
    let mine = try namespace.pair(
      to: own.listen("mine", port: 8080), client: roots, as: "mine")
    let theirs = try namespace.pair(
      to: roots.listen("theirs", port: 8081), client: own, as: "theirs")
    return ((mine.client, mine.server), (theirs.client, theirs.server))
  }

  @Test func usersCloseOnlyTheirOwnConnections() throws {
    try setCapabilities()
    let (mine, theirs) = try connections()
    let spared = try kill("--local-port", "8081", "-o", "json")
    #expect(spared.status == 0)
    let row = try #require(try PlanReport(spared).connections.first)
    #expect(row.result == "spared" && row.reason == "not known to be yours, and you are not root")
    #expect(try theirs.0.reaches(theirs.1))
    #expect(try kill("--local-port", "8080").status == 0)
    #expect(try mine.0.receive() == .failed("ECONNRESET"))
    // The user's own audit log records the closing.
    #expect(try AuditRecord.cookies(of: "closed", in: state) == [mine.1.cookie])
  }

  @Test func usersReachOnlyTheirOwnDescriptors() throws {
    // The peer changed its user, so even that user needs CAP_SYS_PTRACE to reach it.
    try setCapabilities()
    let (mine, theirs) = try connections()
    #expect(try kill("--local-port", "8081", "--method", "shutdown").status == 0)
    #expect(try theirs.0.reaches(theirs.1))
    let ended = try kill("--local-port", "8080", "--method", "shutdown")
    #expect(ended.status == 0)
    #expect(ended.text.contains("closed 1"))
    #expect(try mine.0.receive() == .end)
  }

  @Test func allSelectsOnlyTheUsersOwnConnections() throws {
    try setCapabilities()
    let (mine, theirs) = try connections()
    let ended = try kill("--all", "--unprotect", "sshd", "-o", "json")
    #expect(ended.status == 0)
    let closed = try PlanReport(ended).connections.filter { $0.decision == "close" }
    #expect(Set(closed.map(\.cookie)) == [mine.1.cookie, theirs.0.cookie])
    #expect(try AuditRecord.cookies(of: "closing", in: state).count == 2)
  }

  @Test func policiesCloseOnlyTheUsersOwnConnections() throws {
    try setCapabilities()
    let (mine, theirs) = try connections()
    let file = try directory.write(
      "p.yaml",
      """
      version: 1
      policies:
        - name: everything
          match: {local-port: 8080-8081}
          action: destroy
      """, mode: 0o644)
    let ended = try connreap(["policy", "apply", "--state-dir", state, file])
    #expect(ended.status == 0)
    #expect(try mine.0.receive() == .failed("ECONNRESET"))
    #expect(try theirs.0.reaches(theirs.1))
  }

  @Test func ambientCapabilitiesGrantNoMoreThanFileCapabilities() throws {
    let (mine, theirs) = try connections()
    let set = "+net_admin,+sys_ptrace,+dac_read_search"
    let options = ["--inh-caps", set, "--ambient-caps", set]
    #expect(
      try kill("--local-port", "8081", options: options).text.contains("not known to be yours"))
    #expect(try theirs.0.reaches(theirs.1))
    #expect(try kill("--local-port", "8080", options: options).status == 0)
    #expect(try mine.0.receive() == .failed("ECONNRESET"))
  }

  @Test func connectionsOfUnreadableOwnersAreSpared() throws {
    try setCapabilities("cap_net_admin=p")
    let (mine, _) = try connections()
    // The peer gave up root, so not even its own user can read its descriptors.
    let ended = try kill("--local-port", "8080")
    #expect(ended.status == 0)
    #expect(ended.text.contains("not known to be yours"))
    #expect(try mine.0.reaches(mine.1))
  }

  @Test func aCopyWithoutCapabilitiesClosesNothing() throws {
    let (mine, _) = try connections()
    let ended = try kill("--local-port", "8080")
    #expect(ended.status == 77)
    #expect(ended.errorText.contains("CAP_NET_ADMIN"))
    #expect(try mine.0.reaches(mine.1))
  }

  @Test func theEnvironmentDoesNotChooseTheStateDirectory() throws {
    try setCapabilities()
    let (mine, _) = try connections()
    let ended = try connreap(
      ["kill", "--yes", "--local-port", "8080"],
      environment: ["XDG_STATE_HOME": state, "HOME": state])
    #expect(ended.status == 1, "the user has no home directory")
    #expect(try mine.0.reaches(mine.1))
    #expect(try Command.run(["ls", "-A", state]).lines.isEmpty)
  }

  @Test func filesThatTheUserCannotReadAreNotRead() throws {
    try setCapabilities("cap_net_admin,cap_sys_ptrace,cap_dac_read_search=ep")
    let secret = try directory.write("secret", "root:secret\n", mode: 0o600)
    for words in [
      ["policy", "check"], ["policy", "plan"], ["policy", "apply", "--state-dir", state],
      ["list", "--replay"],
    ] {
      let ended = try connreap(words + [secret])
      #expect(ended.status == 65, "\(words): \(ended.errorText)")
      #expect(ended.errorText.contains("Permission denied"))
      #expect(!ended.errorText.contains("root:"))
    }
  }

  @Test func filesThatTheUserCannotWriteAreNotWritten() throws {
    try setCapabilities("cap_net_admin,cap_sys_ptrace,cap_dac_read_search,cap_dac_override=ep")
    let ended = try connreap(["list", "--record", directory.path + "/record"])
    #expect(ended.status == 77)
    #expect(ended.errorText.contains("Permission denied"))
    #expect(access(directory.path + "/record", F_OK) != 0)
  }

  @Test func aSetUserIDCopyRefusesToRun() throws {
    #expect(chmod(tool, 0o4755) == 0)
    let (mine, theirs) = try connections()
    for words in [["kill", "--yes", "--all", "--state-dir", state], ["list"], ["--help"]] {
      let ended = try connreap(words)
      #expect(ended.status == 77)
      #expect(ended.errorText.contains("does not run set-user-ID"))
    }
    #expect(try mine.0.reaches(mine.1))
    #expect(try theirs.0.reaches(theirs.1))
  }
}
