import Testing

/// Network namespaces from every kind of source: `Fixtures/namespaces.py`.
@Suite(.waitsForPrograms, .needsNamespaces) struct NamespaceDiscoveryTests {
  /// A random base port, because `--netns all` also finds the namespaces of other tests.
  private let base = UInt16.random(in: 200..<600) * 100

  private var ports: String { "\(base + 1)-\(base + 6)" }

  /// Runs a command on a machine with these namespaces.
  private func run(_ command: [String], more: Int = 0) throws -> CommandResult {
    try Command.run(
      [
        "unshare", "--mount", "--net", "--propagation", "private", "--", Tools.python,
        Tools.fixture("namespaces.py"), "\(base)", "\(more)",
      ] + command, seconds: 150)
  }

  private func list(_ arguments: String..., behind prefix: [String] = []) throws -> CommandResult {
    try run(prefix + [Tools.connreap, "list", "--state", "listen", "-o", "json"] + arguments)
  }

  /// The listed ports, relative to the base port.
  private func ports(_ ended: CommandResult) throws -> [UInt16] {
    try Listing(ended).connections.map { $0.local.port - base }.sorted()
  }

  @Test func allFindsEachNamespaceOnce() throws {
    let ended = try list("--netns", "all", "--local-port", ports)
    #expect(ended.status == 0, "\(ended.errorText)")
    #expect(try ports(ended) == [1, 2, 3, 4, 5, 6])
    #expect(try Set(Listing(ended).connections.compactMap(\.netns)).count == 6)
    #expect(try Listing(ended).connections.allSatisfy { $0.owners?.first?.name == "python3" })
    #expect(ended.errorText.contains(/left out network namespace fifo: .*Invalid argument/))
  }

  @Test func tablesShowTheirNames() throws {
    let ended = try run([
      Tools.connreap, "list", "--state", "listen", "--netns", "all", "--local-port",
      "\(base + 1)-\(base + 4)",
      "--columns", "local,netns", "--sort", "local-port", "--no-header",
    ])
    let names = ended.lines.map { $0.drop { $0 != " " }.drop { $0 == " " } }
    #expect(Array(names.dropFirst()) == ["x,y", "0123456789ab", "/run/my net"])
    #expect(names.first?.hasPrefix("bad") == true)
  }

  @Test(
    arguments: [
      (["--netns", "x,y"], [2]), (["--netns", "0123456789ab"], [3]),
      (["--netns", "/run/docker/netns/0123456789ab"], [3]),
      (["--netns", "/run/my net"], [4]),
      (["--netns", "/run/netns/x,y,0123456789ab"], [2, 3]),
      (["--netns", "x,y,0123456789ab"], [2, 3]),
      (["--filter", "netns = \"/run/my net\" or netns = 0123456789ab"], [3, 4]),
      (["--netns", "all", "--filter", "netns = /run/netns/x,y"], [2]),
    ] as [([String], [UInt16])])
  func namespacesCanBeSelectedByNameOrPath(arguments: [String], ports: [UInt16]) throws {
    let ended = try run(
      [Tools.connreap, "list", "--state", "listen", "-o", "json", "--local-port", self.ports]
        + arguments)
    #expect(ended.status == 0, "\(ended.errorText)")
    #expect(try self.ports(ended) == ports)
  }

  @Test(arguments: ["/run/netns/fifo", "/dev/null", "/proc/self/ns/mnt"])
  func filesThatAreNotNamespacesAreRefused(path: String) throws {
    let ended = try list("--netns", path)
    #expect(ended.status == 1)
    #expect(ended.errorText.contains("Invalid argument"))
    #expect(ended.output.isEmpty)
  }

  @Test func missingPathsAreUsageErrors() throws {
    let ended = try list("--netns", "/run/no/such")
    #expect(ended.status == 64)
    #expect(ended.errorText.contains("there is no network namespace /run/no/such"))
  }

  @Test func policiesCanSelectByPath() throws {
    let script = """
      umask 077; d=$(mktemp -d); printf '%s\\n' 'version: 1' 'policies:' '- name: here' \
        '  match: {state: listen, netns: ["/run/my net", "x,y"]}' '  action: report' >"$d/p.yaml"
      "$0" policy plan --state-dir "$d" "$d/p.yaml"; rc=$?; rm -r "$d"; exit $rc
      """
    let ended = try run(["bash", "-c", script, Tools.connreap])
    #expect(ended.status == 0, "\(ended.errorText)")
    #expect(ended.text.contains("all in /run/my net") && ended.text.contains("all in x,y"))
    #expect(ended.text.contains("report 2"), "\(ended.text)")
  }

  @Test func missingSysAdminExitsWith77() throws {
    let ended = try list(
      "--netns", "all", "--local-port", ports, behind: NamespaceTests.withoutSysAdmin)
    #expect(try Listing(ended, status: 77).connections.isEmpty)
    let said = ended.errorText
    #expect(
      said.contains(
        /cannot enter the network namespace: Operation not permitted; it needs CAP_SYS_ADMIN/))
    #expect(said.contains(/fifo: .*Invalid argument\n/), "no capability helps there")
  }

  @Test func moreNamespacesThanTheDescriptorLimitAreListed() throws {
    let ended = try run(
      [
        "prlimit", "--nofile=64:4096", "--", Tools.connreap, "list", "--state", "listen", "-o",
        "json", "--netns", "all", "--local-port",
        "\(base + 10)-\(base + 99)",
      ], more: 80)
    #expect(ended.status == 0, "\(ended.errorText)")
    #expect(try ports(ended) == (10..<90).map { UInt16($0) })
  }
}
