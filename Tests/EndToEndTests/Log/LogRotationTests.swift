import FoundationEssentials
import Glibc
import Testing

/// `log`, `metrics` and `report` on rotated logs, with every naming scheme of logrotate.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct LogRotationTests {
  let namespace: NetworkNamespace
  let listener: Socket

  init() throws {
    namespace = try NetworkNamespace()
    listener = try namespace.server.listen("many", port: 8080)
  }

  private var state: String { namespace.state.path }

  private func close(_ count: Int) throws {
    try namespace.server.connectPairs(
      count, as: "pair\(UInt32.random(in: 0 ... .max))", to: listener)
    #expect(try namespace.kill("--local-port", "8080").status == 0)
  }

  private func log(_ arguments: String...) throws -> CommandResult {
    try Command.run([Tools.connreap, "log", "--each", "--state-dir", state] + arguments)
  }

  private func shell(_ script: String) throws {
    let ended = try Command.run(["bash", "-c", "cd \"$0\" && " + script, state])
    try #require(ended.status == 0, "\(ended.errorText)")
  }

  @Test(arguments: [
    "mv audit.jsonl audit.jsonl.1", "mv audit.jsonl audit.jsonl.1; gzip audit.jsonl.1",
    "mv audit.jsonl audit.jsonl-20261128", "mv audit.jsonl audit.jsonl-2026112813",
    "mv audit.jsonl audit.jsonl-1795000000; gzip audit.jsonl-1795000000",
    "mv audit.jsonl audit.jsonl-20261128; gzip audit.jsonl-20261128",
  ])
  func everyRotatedNameIsRead(rotate: String) throws {
    try close(3)
    try shell(rotate)
    try close(2)
    let times = try log().lines.map { $0.prefix(24) }
    #expect(times.count == 5 && times == times.sorted())
    let metrics = try namespace.connreap("metrics", "--state-dir", state)
    #expect(metrics.lines.contains(#"connreap_outcomes_total{result="closed"} 5"#))
    let report = try namespace.connreap("report", "--html", "-", "--state-dir", state)
    #expect(report.status == 0 && report.text.contains("</html>"))
  }

  @Test func unreadableRotatedLogsAreReported() throws {
    try close(2)
    try shell(
      "cp audit.jsonl x; mv x audit.jsonl.1.xz; gzip -c audit.jsonl | head -c 200 > audit.jsonl.2.gz"
    )
    let ended = try log()
    #expect(ended.status == 0 && ended.lines.count == 2)
    #expect(ended.errorText.contains("audit.jsonl.1.xz: only gzip is supported"))
    #expect(ended.errorText.contains("audit.jsonl.2.gz is damaged"))
  }

  @Test(.needs("logrotate")) func theShippedConfigurationRotatesTheLog() throws {
    let shipped = try Checkout.read("Packaging/logrotate.d/connreap")
    let file = try namespace.state.write(
      "rotate", shipped.replacing("/var/lib/connreap", with: state))
    for count in 1...3 {
      try close(count)
      try shell("logrotate -f -s status '\(file)'")
    }
    try close(1)
    #expect(try log().lines.count == 7)
    let names = try FileManager.default.contentsOfDirectory(atPath: state)
    #expect(names.contains("audit.jsonl") && names.contains("audit.jsonl.1"))
    #expect(names.contains("audit.jsonl.3.gz"), "\(names)")
    #expect(try Command.run(["logrotate", "-d", file]).status == 0)
  }
}
