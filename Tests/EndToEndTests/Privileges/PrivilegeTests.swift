import FoundationEssentials
import Glibc
import Testing

/// The privileges that the tool keeps, and what it does with fewer.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct PrivilegeTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  /// The mask of these capability numbers from linux/capability.h.
  private static func mask(_ numbers: UInt64...) -> UInt64 {
    numbers.reduce(0) { $0 | 1 << $1 }
  }

  /// The capability masks and `NoNewPrivs` of `/proc/PID/status`.
  private func status(of command: Command) throws -> [String: UInt64] {
    let text = try String(contentsOfFile: "/proc/\(command.pid)/status", encoding: .utf8)
    var values: [String: UInt64] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: ":\t", maxSplits: 1)
      if words.count == 2, words[0].hasPrefix("Cap") || words[0] == "NoNewPrivs" {
        values[String(words[0])] = UInt64(words[1], radix: 16)
      }
    }
    return values
  }

  /// Starts closing twelve connections one by one, and waits for the first closing.
  private func startClosing(_ extra: String..., behind prefix: [String] = []) throws -> Command {
    let listener = try namespace.server.listen("slow", port: 8080)
    try namespace.server.connectPairs(12, as: "slow", to: listener)
    let running = try Command(
      namespace.entering + prefix + [
        Tools.connreap, "kill", "--yes", "--state-dir", namespace.state.path, "--local-port",
        "8080",
        "--rate", "5",
      ] + extra)
    try namespace.waitForClosings()
    return running
  }

  @Test func killKeepsThreeCapabilitiesAndCannotGainMore() throws {
    let running = try startClosing()
    let status = try status(of: running)
    running.signal(SIGTERM)
    #expect(try running.end().status == 143)
    let (dacReadSearch, netAdmin, sysPtrace): (UInt64, UInt64, UInt64) = (2, 12, 19)
    #expect(status["CapPrm"] == Self.mask(dacReadSearch, netAdmin, sysPtrace))
    #expect(status["CapEff"] == Self.mask(dacReadSearch, sysPtrace), "between two closings")
    #expect(status["CapInh"] == 0 && status["CapBnd"] == 0 && status["CapAmb"] == 0)
    #expect(status["NoNewPrivs"] == 1)
  }

  /// Entering a namespace needs CAP_SYS_ADMIN, which also allows almost everything else.
  @Test(arguments: [false, true])
  func policiesKeepSysAdminOnlyToEnterNamespaces(isNamed: Bool) throws {
    let directory = try TemporaryDirectory()
    let netnsKey = isNamed ? ", netns: \(namespace.server.pid)" : ""
    let file = try directory.write(
      "slow.yaml",
      """
      version: 1
      policies:
        - name: slow
          match: {local-port: 8080\(netnsKey)}
          action: destroy
          rate: 5

      """)
    let listener = try namespace.server.listen("slow", port: 8080)
    try namespace.server.connectPairs(12, as: "slow", to: listener)
    #expect(chmod(namespace.state.path, 0o700) == 0)
    let running = try namespace.start([
      "policy", "apply", "--state-dir", namespace.state.path, file,
    ])
    try namespace.waitForClosings()
    let status = try status(of: running)
    running.signal(SIGTERM)
    #expect(try running.end().status == 143)
    let base = Self.mask(2, 12, 19)
    #expect(status["CapPrm"] == (isNamed ? base | Self.mask(21) : base))
    #expect(status["CapEff"].map { $0 & Self.mask(12) } == 0, "between two closings")
  }

  @Test func logKeepsNoCapabilities() throws {
    let running = try namespace.start(["log", "--follow", "--state-dir", namespace.state.path])
    try waitUntil("no capability") { try status(of: running)["CapPrm"] == 0 }
    #expect(try status(of: running)["NoNewPrivs"] == 1)
    running.signal(SIGTERM)
    _ = try running.end()
  }

  @Test(.needsTracing) func netAdminIsRaisedOnlyForDestroyRequests() throws {
    let pair = try namespace.pair(port: 8080)
    let trace = "\(namespace.state.path)/trace"
    let strace = ["strace", "-f", "-e", "trace=capset,sendto,sendmsg,socket", "-o", trace, "--"]
    #expect(try namespace.kill(["--local-port", "8080"], behind: strace).status == 0)
    #expect(try pair.client.receive() == .failed("ECONNRESET"))
    // Before the first capset, the tool has the capabilities that it started with.
    var isRaised = false
    var started = false
    var destroyed: [Bool] = []
    for line in try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n") {
      if line.contains("capset(") {
        started = true
        let effective = line.split(separator: "effective=").last?.split(separator: ",").first ?? ""
        isRaised = effective.contains("CAP_NET_ADMIN")
      } else if line.contains("SOCK_DESTROY") || line.contains(/nlmsg_type=0x15\b/) {
        destroyed.append(isRaised)
      } else if started, line.contains("SOCK_DIAG_BY_FAMILY") || line.contains("nlmsg_type=0x14") {
        #expect(!isRaised, "\(line)")
      }
    }
    #expect(
      destroyed == [false, true], "a probe for a socket that cannot exist, then the connection")
    #expect(!isRaised, "it is lowered at the end")
  }

  /// A command prefix that leaves root only these capabilities.
  private func only(_ capabilities: String...) -> [String] {
    let set = (["-all"] + capabilities.map { "+\($0)" }).joined(separator: ",")
    return ["setpriv", "--bounding-set", set, "--inh-caps", "-all", "--"]
  }

  @Test(arguments: [[], ["sys_ptrace"], ["dac_read_search"], ["sys_admin"], ["dac_override"]])
  func killWithoutNetAdminClosesNothing(held: [String]) throws {
    let pair = try namespace.pair(port: 8080)
    let set = (["-all"] + held.map { "+\($0)" }).joined(separator: ",")
    let ended = try namespace.kill(
      ["--local-port", "8080"],
      behind: ["setpriv", "--bounding-set", set, "--inh-caps", "-all", "--"])
    #expect(ended.status == 77)
    #expect(ended.errorText.contains("it needs CAP_NET_ADMIN"))
    #expect(try pair.client.reaches(pair.server))
    let list = try namespace.connreap(
      ["list"], behind: ["setpriv", "--bounding-set", set, "--inh-caps", "-all", "--"])
    #expect(list.status == 0)
  }

  @Test func killWithOnlyNetAdminSparesUnknownOwners() throws {
    let peer = try namespace.anotherPeer()
    let listener = try peer.listen("other", port: 8080)
    let pair = try namespace.pair(to: listener, client: peer, as: "pair")
    try peer.become(user: 54_321)
    let spared = try namespace.kill(["--local-port", "8080"], behind: only("net_admin"))
    #expect(spared.status == 77)
    #expect(spared.text.contains("owner unknown"))
    #expect(try pair.client.reaches(pair.server))
    for name in ["sshd", "dropbear,sshd,sshd-session"] {
      let ended = try namespace.kill(
        ["--local-port", "8080", "--unprotect", name], behind: only("net_admin"))
      #expect(ended.text.contains("owner unknown"), "\(ended.text)")
      #expect(try pair.client.reaches(pair.server), "--unprotect \(name) unprotects nothing else")
    }
  }

  @Test(.needsUserNamespaces) func capabilitiesInASeparateUserNamespaceDoNotCount() throws {
    let pair = try namespace.pair(port: 8080)
    let own = ["unshare", "--user", "--map-root-user", "--"]
    let ended = try namespace.kill(["--local-port", "8080"], behind: own)
    #expect(ended.status == 77)
    #expect(ended.errorText.contains("not in the user namespace that owns"))
    #expect(try pair.client.reaches(pair.server))
    #expect(access(namespace.state.path + "/audit.jsonl", F_OK) != 0, "nothing is announced")
    let doctor = try namespace.connreap(["doctor"], behind: own)
    #expect(doctor.text.contains("belongs to another user namespace"))
  }
}
