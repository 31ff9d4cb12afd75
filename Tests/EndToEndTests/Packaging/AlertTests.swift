import FoundationEssentials
import Testing

/// The Prometheus alerts and the Grafana dashboard, checked with the output of `connreap metrics`.
@Suite(.waitsForPrograms, .needsNamespaces, .needs("promtool")) struct AlertTests {
  private static let directory = Checkout.path + "/Packaging/prometheus"
  private static let rules = directory + "/connreap.rules.yml"

  /// How many tests of an alert fail if it never fires, and how many if it always fires.
  private struct DetectingTests: Decodable {
    let never: Int
    let always: Int
  }

  @Test func ruleTestsPass() throws {
    let checked = try Command.run(["promtool", "check", "rules", Self.rules])
    #expect(checked.status == 0, "\(checked.text)\(checked.errorText)")
    let tested = try Command.run(
      ["promtool", "test", "rules", Self.directory + "/connreap.rules.test.yml"])
    #expect(tested.status == 0, "\(tested.text)\(tested.errorText)")
  }

  @Test func everyAlertIsTestedToFireAndNotToFire() throws {
    let directory = try TemporaryDirectory()
    let ended = try Command.run(
      ["env", "-C", directory.path, Tools.python, Tools.fixture("alerts.py"), Self.rules]
        + [Self.directory + "/connreap.rules.test.yml"], seconds: 60)
    try #require(ended.status == 0, "\(ended.errorText)")
    let counts = try JSONDecoder().decode([String: DetectingTests].self, from: Data(ended.output))
    #expect(counts.count == 10)
    for (alert, tests) in counts {
      #expect(tests.never > 0, "no test fails if \(alert) never fires")
      #expect(tests.always > 0, "no test fails if \(alert) always fires")
    }
  }

  /// Runs the commands that the alerts recommend.
  @Test func recommendedCommandsWork() throws {
    let text = try Checkout.read("Packaging/prometheus/connreap.rules.yml")
    let unwrapped = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let commands = Set(unwrapped.matches(of: /'connreap ([^']+)'/).map { String($0.1) })
    #expect(commands.count > 8)
    let namespace = try NetworkNamespace()
    let state = namespace.state.path
    for command in commands.sorted() {
      let words = command.split(separator: " ").map(String.init)
      let stateOptions = ["log", "metrics"].contains(words[0]) ? ["--state-dir", state] : []
      let ended = try namespace.connreap(words + stateOptions)
      // The doctor may find problems on this machine.
      #expect(ended.status == 0 || (words[0] == "doctor" && ended.status == 1), "\(command)")
    }
    for policy in unwrapped.matches(of: /([a-z-]+)\.yaml/).map(\.1) {
      _ = try Checkout.read("Policies/\(policy).yaml")
    }
  }

  @Test func expressionsMatchTheMetricsAndTheDashboardShowsThemAll() throws {
    let namespace = try NetworkNamespace()
    let listener = try namespace.server.listen("listener", port: 8080)
    _ = try namespace.closeWaits(1, to: listener)
    try namespace.flagCloseWaits(as: "pile-up")
    let metrics = try MetricsText(
      namespace.connreap("metrics", "--state-dir", namespace.state.path).text)
    // A family can be empty, because there may be no units and no containers.
    let names = Set(metrics.samples.map(\.name)).union(metrics.families)
    let values = Dictionary(
      grouping: metrics.samples.flatMap { $0.labels.map { ($0.key, $0.value) } }, by: \.0
    ).mapValues { Set($0.map(\.1)) }
    let shown = try Dashboard().expressions
    #expect(shown.count > 15)
    let expressions = try shown + [Checkout.read("Packaging/prometheus/connreap.rules.yml")]
    for expression in expressions {
      for name in expression.matches(of: /connreap_[a-z_]+/).map(\.output) {
        #expect(names.contains(String(name)), "\(name)")
      }
      for match in expression.matches(of: /[{,](state|result|le)=~?"([^"$]*)"/) {
        for value in match.2.split(separator: "|") {
          #expect(values[String(match.1)]?.contains(String(value)) == true, "\(match.0)")
        }
      }
    }
    for family in metrics.families {
      #expect(shown.contains { $0.contains(family) }, "\(family) is not on the dashboard")
    }
  }

  /// Uses the metrics of a stuck listener that shares its port with an idle one.
  @Test func fullAcceptQueuesFireOnSharedPorts() throws {
    let namespace = try NetworkNamespace()
    let shared: [String: JSONValue] = ["shared": .flag(true)]
    let server = namespace.server
    _ = try server.listen("stuck", on: "0.0.0.0", port: 8081, backlog: 2)
    _ = try server.listen("idle", on: "::", port: 8081, backlog: 500)
    for number in 1...2 {
      _ = try server.listen("group-\(number)", port: 8600, backlog: 400, shared)
    }
    for number in 1...5 { _ = try server.connect("waiting-\(number)", port: 8081, waiting: false) }
    let deadline = ContinuousClock.now + .seconds(20)
    var samples: Set<MetricsText.Sample> = []
    func isFull() -> Bool {
      samples.contains { $0.name == "connreap_listener_fullest_ratio" && $0.value > 1 }
    }
    repeat {
      samples = try MetricsText(
        namespace.connreap("metrics", "--state-dir", namespace.state.path).text
      ).samples
    } while !isFull() && ContinuousClock.now < deadline
    try #require(isFull())
    let series = samples.filter { $0.name.hasPrefix("connreap_listener_") }.map { sample in
      let labels = sample.labels.sorted { $0.key < $1.key }
        .map { "\($0.key)=\"\($0.value)\"" }.joined(separator: ",")
      return "      - series: '\(sample.name){\(labels)}'\n        values: '\(sample.value)x10'\n"
    }
    let directory = try TemporaryDirectory()
    let file = try directory.write(
      "full.yml",
      """
      rule_files: ["\(Self.rules)"]
      evaluation_interval: 1m
      tests:
        - interval: 1m
          input_series:
      \(series.sorted().joined())    promql_expr_test:
            - eval_time: 5m
              expr: count(ALERTS{alertname="ConnreapAcceptQueueFull",alertstate="firing"})
              exp_samples: [{value: 1}]
            - eval_time: 5m
              expr: >-
                count(ALERTS{alertname="ConnreapAcceptQueueFull",alertstate="firing",
                local="0.0.0.0:8081",socket="1"})
              exp_samples: [{value: 1}]
            - eval_time: 5m
              expr: count(connreap_listener_backlog)
              exp_samples: [{value: 4}]
      """)
    let tested = try Command.run(["promtool", "test", "rules", file])
    #expect(tested.status == 0, "\(tested.text)\(tested.errorText)")
  }

  @Test func dashboardExpressionsAreValid() throws {
    let directory = try TemporaryDirectory()
    let rules = try Dashboard().expressions.enumerated().map { number, expression in
      "  - record: expression:\(number)\n    expr: '\(expression)'\n"
    }
    let head = "groups:\n- name: dashboard\n  rules:\n"
    let file = try directory.write("rules.yml", head + rules.joined())
    let checked = try Command.run(["promtool", "check", "rules", file])
    #expect(checked.status == 0, "\(checked.text)\(checked.errorText)")
    let broken = try directory.write(
      "broken.yml", head + rules[0].replacing("sum by (", with: "sum by"))
    let rejected = try Command.run(["promtool", "check", "rules", broken])
    #expect(rejected.status != 0, "promtool accepts an invalid expression")
  }

  @Test func panelsDoNotOverlap() throws {
    let panels = try Dashboard().panels
    #expect(Set(panels.map(\.id)).count == panels.count)
    for panel in panels {
      #expect(!panel.description.isEmpty && panel.gridPos.x + panel.gridPos.w <= 24)
      #expect(!panel.targets.isEmpty)
      #expect(panel.targets.allSatisfy { $0.expr.contains(#"instance=~"$instance""#) })
      for other in panels where other.id < panel.id {
        #expect(!panel.gridPos.overlaps(other.gridPos), "\(panel.title) and \(other.title)")
      }
    }
  }
}
