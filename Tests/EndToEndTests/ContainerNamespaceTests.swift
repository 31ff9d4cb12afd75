import Testing

/// Containers in other network namespaces, which connreap searches by default.
@Suite(.waitsForPrograms, .needsNamespaces, .needsControlGroups) struct ContainerNamespaceTests {
  let here: NetworkNamespace
  let there: NetworkNamespace
  let slice: TestControlGroup
  let container: TestControlGroup
  let name: String
  let id: String

  init() throws {
    (here, there) = (try NetworkNamespace(), try NetworkNamespace())
    slice = try TestControlGroup()
    name = "connreap-\(UInt32.random(in: 0 ... .max))"
    let digits = String(UInt64.random(in: 1 << 60 ... .max), radix: 16)
    id = String(repeating: digits, count: 4)
    container = try TestControlGroup(in: slice, "lxc.payload.\(name)")
    try container.take(there.server.pid)
  }

  @Test func containersAreFoundInTheirNamespace() throws {
    let pair = try there.pair(port: 8080)
    let both = Set([pair.client.cookie, pair.server.cookie])
    #expect(try Set(here.rows("--container", name).map(\.cookie)) == both)
    #expect(try Set(here.rows("--filter", "container = \(name)").map(\.cookie)) == both)
    #expect(try here.rows().isEmpty)
    #expect(try here.rows("--container", name, "--netns", "\(here.server.pid)").isEmpty)
    #expect(try here.rows("--container", name + "x").isEmpty)
    let stats = try here.connreap("stats", "--container", name, "--by", "container")
    #expect(stats.text.contains(name))
  }

  @Test func podsAreFoundInTheirNamespaceByUID() throws {
    let uid = "0c9b6f3e-2b8b-4f0e-9d1e-\(id.prefix(12))"
    let pod = try TestControlGroup(in: slice, "pod\(uid)")
    let inPod = try TestControlGroup(in: pod, "cri-containerd-\(id).scope")
    try inPod.take(there.server.pid)
    let pair = try there.pair(port: 8080)
    for options in [["--pod", uid], ["--container", "containerd://\(id)"]] {
      let rows = try here.rows(options)
      #expect(Set(rows.map(\.cookie)) == [pair.client.cookie, pair.server.cookie])
      #expect(rows.allSatisfy { $0.pod == uid && $0.container == id })
    }
  }

  @Test(.needsDestroy) func killClosesInTheContainersNamespace() throws {
    let pair = try there.pair(port: 8080)
    let other = try here.pair(port: 8080)
    let ended = try here.kill("--container", name, "--local-port", "8080")
    #expect(ended.status == 0, "\(ended.errorText)")
    #expect(ended.text.contains("closed 1"))
    #expect(try pair.server.receive() == .failed("ECONNABORTED"))
    #expect(try other.client.reaches(other.server))
  }

  /// The policy names no namespace. It matches one port, because other tests run containers too.
  @Test(.needsDestroy) func groupingByContainerFindsItsNamespace() throws {
    let port = UInt16.random(in: 20_000..<30_000)
    _ = try there.closeWaits(4, to: there.server.listen("pool", port: port))
    var text = try Checkout.read("Policies/container-leak.yaml")
    for (old, new) in [
      ("in-state: 5m", "in-state: 1ms"), ("threshold: 50", "threshold: 3"), ("keep: 10", "keep: 1"),
      ("seen: 2", "seen: 1"), ("state: close-wait", "state: close-wait\n      port: \(port)"),
    ] {
      #expect(text.contains(old))
      text.replace(old, with: new)
    }
    let file = try here.state.write("container-leak.yaml", text)
    let applied = try here.connreap("policy", "apply", "--state-dir", here.state.path, file)
    #expect(applied.status == 0, "\(applied.errorText)")
    #expect(applied.text.contains(name), "\(applied.text)")
    #expect(try there.rows("--state", "close-wait").count == 1)
  }

  @Test(.needsDestroy) func matchingAContainerFindsItsNamespace() throws {
    _ = try there.closeWaits(2, to: there.server.listen("pool", port: 8080))
    _ = try here.closeWaits(2, to: here.server.listen("pool", port: 8080))
    let file = try here.state.write(
      "named.yaml",
      """
      version: 1
      policies:
        - name: named
          match: {state: close-wait, container: \(name)}
          action: destroy
      """)
    let applied = try here.connreap("policy", "apply", "--state-dir", here.state.path, file)
    #expect(applied.status == 0, "\(applied.errorText)")
    #expect(try there.rows("--state", "close-wait").isEmpty)
    #expect(try here.rows("--state", "close-wait").count == 2)
  }

  @Test(.needsDestroy, arguments: ["list", "kill", "policy"])
  func missingSysAdminExitsWith77(command: String) throws {
    _ = try there.closeWaits(2, to: there.server.listen("pool", port: 8087))
    let file = try here.state.write(
      "leak.yaml",
      """
      version: 1
      policies:
        - name: leak
          match: {state: close-wait, port: 8087}
          group-by: container
          action: destroy
      """)
    let commands = [
      "list": ["list", "--container", name],
      "kill": ["kill", "--yes", "--state-dir", here.state.path, "--container", name],
      "policy": ["policy", "apply", "--state-dir", here.state.path, file],
    ]
    let ended = try here.connreap(
      try #require(commands[command]), behind: NamespaceTests.withoutSysAdmin)
    #expect(ended.status == 77, "\(ended.errorText)")
    #expect(ended.errorText.contains("CAP_SYS_ADMIN"))
    #expect(try there.rows("--state", "close-wait").count == 2)
  }

  @Test func unknownContainersMatchNothing() throws {
    let ended = try here.connreap("list", "--container", id)
    #expect(ended.status == 0 && ended.output.isEmpty)
  }
}
