import Glibc
import Testing

/// A `/proc` that hides processes, which may share the sockets of visible ones.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct HiddenProcessTests {
  let namespace: NetworkNamespace
  /// A directory with a copy of the tool that any user may run, and the user's state directory.
  let (directory, tool, state): (TemporaryDirectory, String, String)

  /// A user ID that no machine uses.
  static let user: UInt32 = 54_322

  init() throws {
    namespace = try NetworkNamespace()
    directory = try TemporaryDirectory()
    tool = directory.path + "/connreap"
    state = directory.path + "/state"
    #expect(chmod(directory.path, 0o755) == 0)
    #expect(try Command.run(["cp", Tools.connreap, tool]).status == 0)
    #expect(mkdir(state, 0o700) == 0 && chown(state, Self.user, Self.user) == 0)
  }

  /// A command prefix that mounts a separate `/proc` with these options.
  private func mounting(_ options: String) -> [String] {
    let script = "mount -t proc -o \(options) proc /proc && exec \"$@\""
    return ["unshare", "--mount", "--propagation", "private", "bash", "-c", script, "bash"]
  }

  /// Runs the tool as an ordinary user.
  private func connreap(_ arguments: [String], options: String) throws -> CommandResult {
    let user = "\(Self.user)"
    return try Command.run(
      namespace.entering + mounting(options)
        + [
          "setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--inh-caps=-all",
          "--bounding-set=-all", "--", tool,
        ] + arguments)
  }

  /// A connection whose server socket is shared by the user's process and root's process `hidden`.
  private func sharedConnection() throws -> (client: Socket, server: Socket) {
    let listener = try namespace.server.listen("8080", port: 8080)
    let client = try namespace.anotherPeer()
    let pair = try namespace.pair(to: listener, client: client, as: "shared")
    try namespace.server.rename("hidden")
    _ = try namespace.server.fork(sharing: [pair.server])
    try namespace.server.rename("visible")
    try namespace.server.become(user: Self.user, isReadable: true)
    return pair
  }

  private func policy(_ action: String, protecting name: String? = nil) throws -> String {
    let protect = name.map { "protect: [{process: \($0)}]\n" } ?? ""
    let file = try directory.write(
      "policy-\(action)-\(name ?? "all").yaml",
      """
      version: 1
      \(protect)policies:
        - name: all
          match: {local-port: 8080, state: established}
          action: \(action)

      """, mode: 0o644)
    return file
  }

  @Test(arguments: ["invisible", "ptraceable", "noaccess"])
  func hidepidMakesOwnersIncomplete(mode: String) throws {
    let pair = try sharedConnection()
    let options = "hidepid=\(mode)"
    let selected = ["--local-port", "8080"]
    let list = try connreap(["list", "-o", "json"] + selected, options: options)
    let row = try #require(try Listing(list).connections.first)
    #expect(row.owners?.map(\.name) == ["visible"] && row.ownersComplete == false)
    #expect(list.errorText.contains("hidepid=\(mode)"), "\(list.errorText)")
    let others = try connreap(
      ["list", "-o", "json", "--filter", "not process = hidden"] + selected, options: options)
    #expect(try Listing(others).connections.isEmpty)

    let kill = try connreap(
      ["kill", "--yes", "--method", "shutdown", "--state-dir", state, "-o", "json"] + selected,
      options: options)
    let spared = try #require(try PlanReport(kill).connections.first)
    #expect(spared.decision == "spare", "\(kill.text)\(kill.errorText)")
    #expect(spared.reason?.contains("hidepid=\(mode)") == true, "\(spared.reason ?? "")")
    let plan = try connreap(
      ["policy", "plan", "--state-dir", state, policy("shutdown", protecting: "hidden")],
      options: options)
    #expect(plan.text.contains("close 0,"), "\(plan.text)")
    #expect(plan.errorText.contains("hidepid=\(mode)"), "\(plan.errorText)")
    #expect(try pair.client.reaches(pair.server))

    let doctor = try connreap(["doctor"], options: options)
    let owners = try #require(doctor.lines.first { $0.contains("owner visibility") })
    #expect(owners.hasPrefix("!") && owners.contains("hidepid=\(mode)"), "\(owners)")
    #expect(!doctor.text.contains("into every process:"))
  }

  @Test(arguments: ["invisible", "noaccess"])
  func theGroupOfTheMountSeesHiddenProcesses(mode: String) throws {
    _ = try sharedConnection()
    let list = try connreap(
      ["list", "-o", "json", "--local-port", "8080"], options: "hidepid=\(mode),gid=\(Self.user)")
    #expect(!list.errorText.contains("hidepid"), "\(list.errorText)")
    #expect(try Listing(list).connections.first?.ownersComplete == false, "root's is unreadable")
  }

  @Test(arguments: ["invisible", "ptraceable", "noaccess", "off"])
  func hidepidDoesNotAffectRoot(mode: String) throws {
    let pair = try sharedConnection()
    let prefix = mounting("hidepid=\(mode)")
    let list = try namespace.connreap(
      ["list", "-o", "json", "--local-port", "8080"], behind: prefix)
    let row = try #require(try Listing(list).connections.first)
    #expect(Set(row.owners?.map(\.name) ?? []) == ["hidden", "visible"])
    #expect(!list.errorText.contains("hidepid"))
    let ended = try namespace.kill(["--local-port", "8080"], behind: prefix)
    #expect(ended.status == 0)
    #expect(try pair.client.receive() == .failed("ECONNRESET"))
  }

  // MARK: PID namespaces

  /// A command prefix that enters the PID namespace of a process.
  private func entering(_ container: Int32?) throws -> [String] {
    ["nsenter", "--pid=/proc/\(try #require(container))/ns/pid", "--"]
  }

  @Test func processesOutsideAContainerAreHiddenInside() throws {
    let listener = try namespace.server.listen("8080", port: 8080)
    let client = try namespace.anotherPeer()
    let pair = try namespace.pair(to: listener, client: client, as: "shared")
    let container = try namespace.server.forkContainer(sharing: [pair.server], named: "inside")
    try namespace.server.rename("sshd")
    let prefix = try entering(container) + mounting("rw")

    let list = try namespace.connreap(
      ["list", "-o", "json", "--local-port", "8080"], behind: prefix)
    let row = try #require(try Listing(list).connections.first { $0.cookie == pair.server.cookie })
    #expect(row.owners?.map(\.name) == ["inside"] && row.ownersComplete == false)
    #expect(list.errorText.contains("outside this pid namespace"), "\(list.errorText)")
    for name in ["sshd", "dropbear,sshd"] {
      let kill = try namespace.kill(
        ["--local-port", "8080", "--state", "established", "--unprotect", name], behind: prefix)
      #expect(kill.text.contains("outside this pid namespace"), "\(kill.text)\(kill.errorText)")
    }
    for name in [nil, "billing"] as [String?] {
      let file = try policy("destroy", protecting: name)
      let plan = try namespace.connreap(
        ["policy", "plan", "--state-dir", namespace.state.path, file], behind: prefix)
      #expect(plan.text.contains("close 0,"), "\(plan.text)")
      #expect(plan.errorText.contains("outside this pid namespace"), "\(plan.errorText)")
    }
    #expect(try pair.client.reaches(pair.server))
    let doctor = try namespace.connreap(["doctor"], behind: prefix)
    let owners = try #require(doctor.lines.first { $0.contains("owner visibility") })
    #expect(owners.hasPrefix("!") && owners.contains("pid namespace"), "\(owners)")
  }

  @Test func aContainerWithTheProcOfTheHostSeesEveryProcess() throws {
    let listener = try namespace.server.listen("8080", port: 8080)
    let client = try namespace.anotherPeer()
    let pair = try namespace.pair(to: listener, client: client, as: "shared")
    let container = try namespace.server.forkContainer(sharing: [pair.server], named: "inside")
    let prefix = try entering(container)
    try namespace.server.rename("sshd")
    let spared = try namespace.kill(["--local-port", "8080"], behind: prefix)
    #expect(spared.text.contains("held by sshd["), "\(spared.text)\(spared.errorText)")
    #expect(try pair.client.reaches(pair.server))
    try namespace.server.rename("outside")
    let ended = try namespace.kill(
      ["--local-port", "8080", "--state", "established", "-o", "json"], behind: prefix)
    let closed = try PlanReport(ended).connections.filter { $0.result == "closed" }
    #expect(closed.map(\.cookie) == [pair.server.cookie], "\(ended.text)")
    #expect(Set(closed.first?.owners?.map(\.name) ?? []) == ["inside", "outside"])
  }
}
