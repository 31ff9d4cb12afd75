import Glibc
import Testing

/// The output of `connreap metrics`.
@Suite(.waitsForPrograms, .needsNamespaces) struct MetricsTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  private func metrics(_ arguments: String...) throws -> CommandResult {
    try namespace.connreap(["metrics", "--state-dir", namespace.state.path] + arguments)
  }

  private func scene() throws {
    let listener = try namespace.server.listen("listener", port: 8080)
    _ = try namespace.closeWaits(3, to: listener)
    _ = try namespace.pair(to: listener, as: "pair")
    try namespace.server.rename(ListOutputTests.hostileName)
  }

  @Test(.enabled(if: Tools.has("promtool", "--version"), "needs promtool"))
  func prometheusAcceptsTheMetrics() throws {
    try scene()
    let ended = try metrics()
    #expect(ended.status == 0)
    let checked = try Command.run(["promtool", "check", "metrics"], input: ended.text)
    #expect(checked.status == 0 && checked.errorText.isEmpty, "\(checked.errorText)")
  }

  @Test func connectionsAreCountedByState() throws {
    try scene()
    let lines = try metrics().lines
    #expect(lines.contains(#"connreap_connections{state="close-wait"} 3"#))
    #expect(lines.contains(#"connreap_connections{state="established"} 2"#))
    #expect(lines.contains(#"connreap_connections{state="syn-recv"} 0"#))
    #expect(lines.contains(#"connreap_listener_accept_queue{local="127.0.0.1:8080",socket="1"} 0"#))
    #expect(lines.contains("connreap_connection_idle_seconds_count 8"))
    #expect(lines.contains { $0.hasPrefix("connreap_process_connections{process=") })
  }

  @Test(.enabled(if: Tools.has("promtool", "--version"), "needs promtool"))
  func policyFindingsAreCounted() throws {
    try scene()
    #expect(try !metrics().text.contains("connreap_leaked_connections"))
    try namespace.flagCloseWaits(as: "pile-up")
    let ended = try metrics()
    #expect(ended.lines.contains(#"connreap_leaked_connections{policy="pile-up"} 3"#))
    let checked = try Command.run(["promtool", "check", "metrics"], input: ended.text)
    #expect(checked.status == 0 && checked.errorText.isEmpty, "\(checked.errorText)")
  }

  @Test(.needsDestroy) func closedConnectionsAreCounted() throws {
    try scene()
    #expect(try metrics().lines.contains(#"connreap_outcomes_total{result="closed"} 0"#))
    #expect(try namespace.kill("--state", "close-wait").status == 0)
    let lines = try metrics().lines
    #expect(lines.contains(#"connreap_outcomes_total{result="closed"} 3"#))
    #expect(lines.contains(#"connreap_connections{state="close-wait"} 0"#))
  }

  @Test func theTextfileIsReplacedAtomically() throws {
    let file = "\(namespace.state.path)/connreap.prom"
    for _ in 1...2 {
      let ended = try metrics("--textfile", file)
      #expect(ended.status == 0 && ended.output.isEmpty && ended.errors.isEmpty)
    }
    let content = try Command.run(["cat", file]).text
    #expect(content.contains("connreap_scan_duration_seconds "))
    #expect(try Command.run(["stat", "-c", "%a", file]).text == "644\n")
    #expect(try Command.run(["ls", "-A", namespace.state.path]).lines == ["connreap.prom"])
  }

  @Test func thousandsOfListenersProduceFewSeries() throws {
    let script = """
      import resource, socket, time
      resource.setrlimit(resource.RLIMIT_NOFILE, (6000, 6000))
      listeners = []
      for i in range(5000):
          listener = socket.socket()
          listener.bind(("127.1.%d.%d" % (i // 250, i % 250 + 1), 8080))
          listener.listen(1)
          listeners.append(listener)
      time.sleep(300)
      """
    let holder = try Command(namespace.entering + [Tools.python, "-c", script])
    var ended = try metrics()
    try waitUntil("5000 listeners", seconds: 120, every: .milliseconds(200)) {
      ended = try metrics()
      return ended.lines.contains("connreap_listeners 5000")
    }
    holder.signal(SIGKILL)
    _ = try holder.end()
    #expect(ended.lines.contains("connreap_listeners 5000"))
    #expect(ended.lines.filter { !$0.hasPrefix("#") }.count < 400)
    #expect(ended.lines.contains("connreap_listener_backlog_other 4900"))
  }

  @Test func unwritableTextfilesAreReported() throws {
    let ended = try metrics("--textfile", "/nonexistent/connreap.prom")
    #expect(ended.status == 1 && ended.errorText.contains("/nonexistent/connreap.prom"))
    #expect(try Command.run([Tools.connreap, "metrics", "--top", "-1"]).status == 64)
  }

  /// `--netns` counts only the listeners of the given namespaces.
  @Test func netnsSelectsTheNamespacesToCount() throws {
    try scene()
    let other = try NetworkNamespace()
    _ = try other.server.listen("other", port: 9090, backlog: 5)
    let pids = [namespace, other].map { "\($0.server.pid)" }
    let one = try MetricsText(
      Command.run(
        [Tools.connreap, "metrics", "--state-dir", namespace.state.path, "--netns", pids[1]]
      ).text)
    func listeners(_ metrics: MetricsText) -> Set<[String: String]> {
      Set(metrics.samples.filter { $0.name == "connreap_listener_backlog" }.map(\.labels))
    }
    #expect(listeners(one) == [["local": "127.0.0.1:9090", "socket": "1"]])
    let both = try MetricsText(
      Command.run(
        [
          Tools.connreap, "metrics", "--state-dir", namespace.state.path, "--netns",
          pids.joined(separator: ","),
        ]
      ).text)
    #expect(Set(listeners(both).compactMap { $0["netns"] }).count == 2)
    #expect(
      Set(listeners(both).compactMap { $0["local"] }) == ["127.0.0.1:8080", "127.0.0.1:9090"])
    let listening = both.samples.first {
      $0.name == "connreap_connections" && $0.labels["state"] == "listen"
    }
    #expect(listening?.value == 2)
    let wrong = try Command.run([Tools.connreap, "metrics", "--netns", "no-such-namespace"])
    #expect(wrong.status == 64 && wrong.errorText.contains("unknown network namespace"))
  }

  /// Each control group has its own series, up to `--top`. The rest are summed.
  @Test(.needsControlGroups) func topLimitsTheSeriesOfUnitsAndContainers() throws {
    let slice = try TestControlGroup()
    let ids = ["1", "2"].map { String(repeating: $0, count: 64) }
    var kept: [(TestControlGroup, Peer)] = []
    for (index, (name, count)) in [
      ("a.service", 4), ("b.service", 1), ("docker-\(ids[0]).scope", 3),
      ("docker-\(ids[1]).scope", 2),
    ].enumerated() {
      let group = try TestControlGroup(in: slice, name)
      let peer = try namespace.anotherPeer()
      try group.take(peer.pid)
      for number in 0..<count {
        _ = try peer.listen("listener-\(number)", port: UInt16(8100 + 10 * index + number))
      }
      kept.append((group, peer))
    }
    func listening(_ metrics: MetricsText, _ family: String) -> [String: Double] {
      let samples = metrics.samples.filter {
        $0.name == "connreap_\(family)" && $0.labels["state"] == "listen"
      }
      return Dictionary(
        uniqueKeysWithValues: samples.map { sample in
          (sample.labels.first { $0.key != "state" }?.value ?? "", sample.value)
        })
    }
    let limited = try MetricsText(metrics("--top", "1").text)
    #expect(listening(limited, "unit_connections") == ["a.service": 4])
    #expect(listening(limited, "unit_connections_other") == ["": 6])
    #expect(listening(limited, "container_connections") == ["111111111111": 3])
    #expect(listening(limited, "container_connections_other") == ["": 2])
    let all = try MetricsText(metrics().text)
    #expect(
      listening(all, "container_connections") == ["111111111111": 3, "222222222222": 2])
    #expect(listening(all, "container_connections_other") == ["": 0])
    withExtendedLifetime(kept) {}
  }
}
