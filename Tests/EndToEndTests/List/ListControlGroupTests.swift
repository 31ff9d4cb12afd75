import Testing

/// Units, containers and cgroups.
@Suite(.waitsForPrograms, .needsNamespaces, .needsControlGroups) struct ListControlGroupTests {
  let namespace: NetworkNamespace
  let slice: TestControlGroup
  let service: TestControlGroup
  private let container = TestControlGroup.containerID()

  init() throws {
    slice = try TestControlGroup()
    service = try TestControlGroup(in: slice, "web.service")
    namespace = try NetworkNamespace()
    try service.take(namespace.server.pid)
  }

  @Test func theUnitIsTheOwners() throws {
    let pair = try namespace.pair(port: 8080)
    let row = try #require(try namespace.row(of: pair.server))
    #expect(row.unit == "web.service")
    #expect(row.cgroup == service.path)
    #expect(row.container == nil)
    let wide = try namespace.connreap("list", "-o", "wide", "--local-port", "8080")
    #expect(wide.lines.first?.contains("UNIT") == true)
    #expect(wide.lines.last?.contains("web.service") == true)
    let csv = try namespace.connreap(
      "list", "-o", "csv", "--columns", "unit,container,pod,cgroup", "--local-port", "8080")
    #expect(csv.text == "unit,container,pod,cgroup\nweb.service,,,\(service.path)\n")
  }

  @Test func connectionsAreSelectedByUnitContainerAndCgroup() throws {
    let container = try TestControlGroup(in: slice, "docker-\(self.container).scope")
    let inside = try namespace.anotherPeer()
    try container.take(inside.pid)
    let pair = try namespace.pair(port: 8080, client: inside)
    for options in [
      ["--container", String(self.container.prefix(8))], ["--container", self.container],
      ["--unit", "docker-*.scope"],
      ["--cgroup", container.path],
    ] {
      #expect(try namespace.rows(options).map(\.cookie) == [pair.client.cookie])
    }
    #expect(try namespace.rows("--unit", "web").map(\.cookie) == [pair.server.cookie])
    #expect(try namespace.rows("--cgroup", slice.path).count == 2)
    #expect(try namespace.rows("--unit", "we").isEmpty)
    let row = try #require(try namespace.row(of: pair.client))
    #expect(row.container == self.container)
  }

  @Test func withoutAnOwnerTheSocketHasItsUnit() throws {
    let pair = try namespace.pair(port: 8080)
    // Unacknowledged data keeps the connection after its program has closed it.
    try pair.client.fill()
    try pair.client.close()
    let row = try #require(try namespace.row(of: pair.client, "--unit", "web"))
    #expect(row.note == "orphan: no process holds it")
    #expect(row.unit == "web.service")
    let blind = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace", "--"]
    let listing = try Listing(
      namespace.connreap(["list", "-o", "json", "--unit", "web"], behind: blind))
    #expect(listing.connections.contains { $0.cookie == pair.server.cookie })
  }

  /// Each command runs in its own mount namespace.
  @Test func theUnitIsFoundWhereverCgroupsAreMounted() throws {
    let pair = try namespace.pair(port: 8080)
    try pair.client.fill()
    try pair.client.close()
    let top = try #require(TestControlGroup.top)
    let other = try TestControlGroup(in: slice, "other.service")
    for script in [
      "mount --bind '\(top)\(other.path)' \"$0\"",
      "mkdir \"$0/a b\" && mount -t cgroup2 none \"$0/a b\"",
      "mkdir \"$0/a b\" && mount --bind '\(top)\(slice.path)' \"$0/a b\"",
    ] {
      let folder = try TemporaryDirectory()
      let rows = try Listing(
        namespace.connreap(
          ["list", "-o", "json", "--unit", "web"],
          behind: [
            "unshare", "--mount", "--propagation", "private", "bash", "-c",
            script + " && exec \"$@\"", folder.path,
          ])
      ).connections
      #expect(rows.first { $0.cookie == pair.client.cookie }?.unit == "web.service", "\(script)")
    }
  }

  @Test func aUnitInAContainerIsNotAUnitOfTheMachine() throws {
    let container = try TestControlGroup(in: slice, "docker-\(self.container).scope")
    let unit = try TestControlGroup(in: container, "web.service")
    let inside = try namespace.anotherPeer()
    try unit.take(inside.pid)
    let pair = try namespace.pair(port: 8080, client: inside)
    #expect(try namespace.rows("--unit", "web").map(\.cookie) == [pair.server.cookie])
    let row = try #require(try namespace.row(of: pair.client))
    #expect(row.unit == "docker-\(self.container).scope")
    #expect(row.container == self.container)
  }

  @Test func containersAreSelectedByName() throws {
    let name = "connreap-web-\(UInt32.random(in: 0 ... .max))"
    for directory in [
      "lxc.payload.\(name)", "machine-\(name).scope", "systemd-nspawn@\(name).service",
    ] {
      let container = try TestControlGroup(in: slice, directory)
      let inside = try namespace.anotherPeer()
      try container.take(inside.pid)
      let pair = try namespace.pair(port: 8080, client: inside, as: directory)
      #expect(try namespace.rows("--container", name).map(\.cookie) == [pair.client.cookie])
      #expect(try namespace.rows("--container", name + "x").isEmpty)
      let row = try #require(try namespace.row(of: pair.client))
      #expect(row.container == name && row.containerName == name)
      let wide = try namespace.connreap(
        "list", "-o", "wide", "--container", name, "--local-port", "\(pair.client.port)")
      #expect(wide.lines.first?.contains(" CONTAINER ") == true)
      #expect(wide.lines.last?.contains(" \(name) ") == true)
      let stats = try namespace.connreap("stats", "--by", "container", "-o", "csv")
      #expect(stats.text.contains(name))
      try pair.client.close()
      try pair.listener.close()
    }
  }

  @Test(.needsDestroy) func onlyConnectionsOfTheUnitAreClosed() throws {
    let outside = try namespace.anotherPeer()
    let pair = try namespace.pair(port: 8080, client: outside)
    let other = try namespace.pair(to: pair.listener, as: "web")
    let ended = try namespace.kill("--unit", "web", "--peer-port", "8080", "-o", "json")
    #expect(ended.status == 0)
    #expect(try PlanReport(ended).connections.map(\.cookie) == [other.client.cookie])
    #expect(try namespace.rows("--local-port", "\(pair.client.port)").count == 1)
  }

  @Test func aPolicyCountsByUnit() throws {
    let listener = try namespace.server.listen("listener", port: 8080)
    _ = try namespace.closeWaits(3, to: listener)
    let file = try namespace.state.write(
      "leaks.yaml",
      """
      version: 1
      policies:
        - name: leak
          match: {state: close-wait}
          group-by: unit
          threshold: 3
          action: report
      """)
    let ended = try namespace.connreap("policy", "plan", file)
    #expect(ended.status == 0)
    #expect(
      ended.text.contains(/web\.service +3 of 3 will be reported \(threshold 3\) +in CLOSE-WAIT/))
  }
}
