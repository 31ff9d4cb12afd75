import FoundationEssentials
import Testing

/// Real containers of Podman, Docker, containerd (`ctr` and the Container Runtime Interface), LXC
/// and systemd-nspawn. A program in each leaks five connections.
@Suite(
  .waitsForPrograms, .needsNamespaces, .needsDestroy, .needsControlGroups, .needsContainerRuntimes)
struct ContainerRuntimeTests {
  /// One test covers everything, because starting the runtimes takes most of the time.
  @Test func leaksInEachRuntimeAreFoundByNameAndClosed() throws {
    let host = try ContainerHost(leaks: 5)
    // CI runs on Debian, which packages all the runtimes. Elsewhere, as in a chroot, none may start.
    let isCI = ProcessInfo.processInfo.environment["CI"] == "true"
    for (_, reason) in host.failures.sorted(by: { $0.key < $1.key }) {
      if isCI {
        Issue.record("\(reason)")
      } else {
        print("ContainerRuntimeTests: \(reason)")
      }
    }
    guard isCI || !host.names.isEmpty else { return }
    try #require(!host.names.isEmpty, "\(host.failures)")
    try list(on: host)
    try select(on: host)
    try applyPolicy(on: host)
    try kill(on: host)
  }

  private func list(on host: ContainerHost) throws {
    let wide = try host.connreap(
      "list", "--netns", "all", "-o", "wide", "--state", "close-wait", "--local-port",
      "\(host.port)")
    #expect(wide.status == 0, "\(wide.errorText)")
    let stats = try host.connreap("stats", "--netns", "all", "--by", "container")
    for name in host.names {
      #expect(wide.lines.count { $0.contains(" \(name) ") } == 5, "\(name): \(wide.text)")
      #expect(stats.text.contains(name), "\(name): \(stats.text)")
    }
    if host.failures["cri"] == nil { #expect(wide.text.contains(" shop/pod-\(host.mark) ")) }
  }

  private func select(on host: ContainerHost) throws {
    for name in host.names {
      let rows = try host.rows("--container", name, "--state", "close-wait")
      #expect(rows.count == 5, "\(name)")
      let row = try #require(rows.first)
      #expect(row.containerName == name)
      #expect(row.owners?.map(\.name) == ["leak"])
      let id = try #require(row.container)
      let prefix = name.hasPrefix("cri") ? "containerd://" : "docker://"
      #expect(try host.rows("--container", prefix + id, "--state", "close-wait").count == 5)
      if id.utf8.count == 64 {
        let short = String(id.prefix(12))
        #expect(try host.rows("--container", short, "--state", "close-wait").count == 5)
      }
      if name.hasPrefix("cri") {
        #expect(row.podName == "pod-\(host.mark)" && row.podNamespace == "shop")
        for pod in ["pod-\(host.mark)", "shop/pod-\(host.mark)", try #require(row.pod)] {
          #expect(try host.rows("--pod", pod, "--state", "close-wait").count == 5, "\(pod)")
        }
        #expect(try host.rows("--pod", "other/pod-\(host.mark)").isEmpty)
      }
    }
    #expect(try host.rows("--container", "other-\(host.mark)").isEmpty)
  }

  /// Applies the shipped policy with lower limits and a shorter time, to these containers only.
  private func applyPolicy(on host: ContainerHost) throws {
    var text = try Checkout.read("Policies/container-leak.yaml")
    for (old, new) in [
      ("in-state: 5m", "in-state: 1ms"), ("threshold: 50", "threshold: 5"), ("keep: 10", "keep: 1"),
      ("limit-percent: 75", "limit-percent: 90"),
      ("state: close-wait", "state: close-wait\n      port: \(host.port)"),
    ] {
      try #require(text.contains(old))
      text.replace(old, with: new)
    }
    let file = try host.directory.write("container-leak.yaml", text)
    let state = host.directory.path + "/state"
    func apply() throws -> CommandResult {
      let ended = try host.connreap("policy", "apply", "--state-dir", state, file)
      #expect(ended.status == 0, "\(ended.text)\(ended.errorText)")
      return ended
    }
    _ = try apply()
    #expect(try remaining(on: host) == 5 * host.names.count, "one run is not enough")
    let second = try apply()
    for name in host.names { #expect(second.text.contains(name), "\(second.text)") }
    #expect(try remaining(on: host) == host.names.count, "\(second.text)")
  }

  private func kill(on host: ContainerHost) throws {
    for (index, name) in host.names.enumerated() {
      let ended = try host.connreap(
        "kill", "--yes", "--state-dir", host.directory.path + "/state", "--container", name,
        "--state", "close-wait")
      #expect(ended.status == 0, "\(name): \(ended.errorText)")
      #expect(ended.text.contains("closed 1"), "\(name): \(ended.text)")
      #expect(try remaining(on: host) == host.names.count - index - 1)
    }
  }

  private func remaining(on host: ContainerHost) throws -> Int {
    try host.rows(
      "--netns", "all", "--state", "close-wait", "--local-port", "\(host.port)"
    ).count
  }
}
