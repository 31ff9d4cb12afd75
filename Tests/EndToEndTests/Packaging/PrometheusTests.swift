import FoundationEssentials
import Glibc
import Testing

/// From `connreap metrics` through node_exporter to a real Prometheus with the alerts.
@Suite(
  .needsNamespaces, .needs("prometheus"), .needs("prometheus-node-exporter")
)
struct PrometheusTests {
  let namespace: NetworkNamespace
  let directory: TemporaryDirectory

  init() throws {
    namespace = try NetworkNamespace()
    directory = try TemporaryDirectory()
  }

  /// The response of Prometheus to a query.
  private struct Response: Decodable {
    let status: String
    let data: Data

    struct Data: Decodable {
      let result: [Series]
    }

    struct Series: Decodable {
      let metric: [String: String]
      let value: Value
    }

    /// A timestamp, and the value as text.
    struct Value: Decodable {
      let number: Double?

      init(from decoder: any Decoder) throws {
        var parts = try decoder.unkeyedContainer()
        _ = try parts.decode(Double.self)
        number = try Double(parts.decode(String.self))
      }
    }
  }

  private func query(_ expression: String) throws -> [Response.Series] {
    let script = """
      import sys, urllib.parse, urllib.request
      query = urllib.parse.urlencode({"query": sys.argv[1]})
      print(urllib.request.urlopen(
        "http://127.0.0.1:9090/api/v1/query?" + query, timeout=10).read().decode())
      """
    let ended = try Command.run(
      namespace.entering + [Tools.python, "-c", script, expression])
    guard ended.status == 0 else { throw HarnessProblem.refused(ended.errorText) }
    return try JSONDecoder().decode(Response.self, from: FoundationEssentials.Data(ended.output))
      .data.result
  }

  /// The connreap metrics in Prometheus. The set is empty until Prometheus responds.
  private func scraped() throws -> Set<MetricsText.Sample> {
    let series: [Response.Series]
    do {
      series = try query(#"{__name__=~"connreap_.+"}"#)
    } catch HarnessProblem.refused {
      return []
    }
    return Set(
      try series.map { series in
        var labels = series.metric
        let name = try #require(labels["__name__"])
        for added in ["__name__", "job", "instance"] { labels[added] = nil }
        return MetricsText.Sample(
          name: name, labels: labels, value: try #require(series.value.number))
      })
  }

  private func startPrometheus() throws -> [Command] {
    let configuration = try directory.write(
      "prometheus.yml",
      """
      global: {scrape_interval: 1s, evaluation_interval: 1s}
      rule_files: ["\(Checkout.path)/Packaging/prometheus/connreap.rules.yml"]
      scrape_configs:
        - job_name: node
          static_configs: [{targets: ["127.0.0.1:9100"]}]

      """)
    let exporter = try Command(
      namespace.entering + [
        "prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
        "--collector.textfile.directory", directory.path, "--web.listen-address", "127.0.0.1:9100",
        "--log.level", "error",
      ])
    let prometheus = try Command(
      namespace.entering + [
        "prometheus", "--config.file", configuration,
        "--storage.tsdb.path", directory.path + "/data",
        "--web.listen-address", "127.0.0.1:9090", "--log.level", "error",
      ])
    return [exporter, prometheus]
  }

  @Test func prometheusScrapesTheMetricsFile() throws {
    try namespace.server.rename(ListOutputTests.hostileName)
    let listener = try namespace.server.listen("listener", port: 8080)
    _ = try namespace.closeWaits(3, to: listener)
    try namespace.flagCloseWaits(as: "pile-up")
    _ = try namespace.state.write("audit.jsonl", "no line of connreap's\n")
    let file = directory.path + "/connreap.prom"
    let written = try namespace.connreap(
      "metrics", "--state-dir", namespace.state.path, "--textfile", file)
    #expect(written.status == 0, "\(written.errorText)")
    let metrics = try MetricsText(String(contentsOfFile: file, encoding: .utf8))
    #expect(metrics.samples.count > 30)

    let programs = try startPrometheus()
    defer { for program in programs { program.signal(SIGTERM) } }
    var seen: Set<MetricsText.Sample> = []
    try waitUntil(
      "all samples; \(seen.symmetricDifference(metrics.samples)) differ",
      every: .milliseconds(200)
    ) {
      seen = try scraped()
      return seen == metrics.samples
    }

    // Only the damaged audit log causes an alert.
    var firing: [String?] = []
    try waitUntil("an alert", every: .milliseconds(200)) {
      firing = try query(#"ALERTS{alertstate="firing"}"#).map { $0.metric["alertname"] }
      return !firing.isEmpty
    }
    #expect(firing == ["ConnreapAuditDamaged"])
    let age = try query(#"node_textfile_mtime_seconds{file=~"(.*/)?connreap[.]prom"}"#)
    #expect(age.count == 1, "ConnreapMetricsStale depends on it")

    for expression in try Dashboard().expressions {
      let series = try query(expression)
      // These can be empty: there is no history yet, every listener has its own series, and there
      // may be no unit or container.
      let isEmpty = [" offset ", "_backlog_other", "_unit_connections{", "_container_connections{"]
        .contains { expression.contains($0) }
      #expect(!series.isEmpty || isEmpty, "\(expression)")
    }
  }
}
