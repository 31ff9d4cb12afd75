import FoundationEssentials
import Testing

/// Without a UTF-8 locale, all output is ASCII.
@Suite(.waitsForPrograms, .needsNamespaces) struct PlainOutputTests {
  let namespace: NetworkNamespace

  init() throws {
    namespace = try NetworkNamespace()
    let server = namespace.server
    try server.rename("café→日")
    let listener = try server.listen("listener", port: 8080, backlog: 2)
    _ = try namespace.closeWaits(3, to: listener)
    for number in 1...3 { _ = try server.connect("waiting-\(number)", port: 8080) }
  }

  private func run(_ words: [String], _ locale: [String: String]) throws -> CommandResult {
    try namespace.connreap(words, environment: locale)
  }

  /// Checks that the output is ASCII, and returns it.
  @discardableResult
  private func plain(
    _ words: [String], locale: [String: String] = ["LC_ALL": "C"]
  ) throws -> String {
    let ended = try run(words, locale)
    let output = ended.output + ended.errors
    #expect(output.allSatisfy { $0 < 0x80 }, "\(words): \(ended.text)\(ended.errorText)")
    #expect(!output.isEmpty, "\(words)")
    return String(decoding: output, as: UTF8.self)
  }

  private func policy() throws -> String {
    try namespace.state.write(
      "leaks.yaml",
      """
      version: 1
      policies:
        - name: leaks
          match: {state: close-wait, process: "café*"}
          in-state: 1ms
          threshold: 1
          action: destroy
        - name: kept
          match: {state: established}
          action: report
      """)
  }

  @Test(.needsDestroy) func everyCommandPrintsOnlyASCII() throws {
    let (state, file) = (["--state-dir", namespace.state.path], try policy())
    let commands =
      ["table", "wide", "json", "jsonl", "csv"].map { ["list", "--state", "all", "-o", $0] }
      + ["table", "json", "csv"].map { ["stats", "--by", "process", "-o", $0] }
      + [
        ["leaks", "--leaked-after", "1ms"] + state, ["leaks", "-o", "json"] + state,
        ["leaks", "-o", "wide", "--leaked-after", "1ms"] + state, ["leaks", "-o", "csv"] + state,
        ["policy", "new", "leaks", "--process", "café*"], ["kill", "--as-policy", "x", "--all"],
        ["stats"], ["stats", "--all"], ["stats", "--explain"], ["listeners"],
        ["listeners", "-o", "json"],
        ["list", "--explain", "--state", "close-wait"],
        ["list", "--process", "café*"], ["list", "process", "=", "café→", "and", "("],
        ["list", "--state", "café"], ["café"], ["list", "--café"], ["list", "-o", "café"],
        ["policy", "check", file], ["policy", "check", "/nonexistent/café"], ["policy", "schema"],
        ["policy", "plan", file] + state, ["policy", "plan", file, "-o", "json"] + state,
        ["doctor"] + state, ["doctor", "-o", "json"] + state, ["top"],
        ["kill", "-n", "--all"] + state, ["kill", "-n", "--all", "-o", "json"] + state,
        ["kill", "--yes", "--state", "close-wait", "--peer-port", "1-39999"] + state,
        ["policy", "apply", file] + state, ["log"] + state, ["log", "-o", "json"] + state,
        ["log", "-o", "csv"] + state, ["log", "--result", "run"] + state,
        ["report", "--html", "/nonexistent/café"],
      ]
    for words in commands { try plain(words) }
    for command in ["leaks", "list", "kill", "stats", "log", "top", "policy", "metrics"] {
      try plain([command, "--help"])
    }
  }

  @Test func tablesKeepTheirColumns() throws {
    for words in [["list", "--state", "all"], ["stats", "--by", "process"], ["listeners"]] {
      let rich = try run(words + ["--color", "never"], ["LC_ALL": "C.UTF-8"]).lines
      let poor = try plain(words).split(separator: "\n")
      #expect(rich.count == poor.count)
    }
    let table = try plain(["list", "--state", "close-wait"])
    #expect(table.contains(">="), "a bound")
    #expect(table.contains(#"caf\u{e9}\u{2192}\u{65e5}["#), "a name is escaped, not lost")
  }

  @Test func jsonStaysTheSameDocument() throws {
    let words = ["list", "--state", "close-wait", "-o", "json"]
    let name = try Listing(run(words, ["LC_ALL": "POSIX"])).connections.first?.owners?.first?.name
    #expect(name == "café→日")
    #expect(try plain(words).contains(#""caf\u00e9\u2192\u65e5""#))
  }

  @Test func theLocaleMayBeGivenByAnyVariable() throws {
    let words = ["list", "--state", "close-wait"]
    try plain(words, locale: ["LC_ALL": "", "LC_CTYPE": "", "LANG": ""])
    try plain(words, locale: ["LC_ALL": "", "LC_CTYPE": "POSIX", "LANG": "C.UTF-8"])
    let rich = try run(words, ["LC_ALL": "", "LC_CTYPE": "", "LANG": "en_US.UTF-8"]).text
    #expect(rich.contains("café→日[") && rich.contains("≥"))
  }

  /// A page and metrics define their encoding.
  @Test func filesKeepTheirEncoding() throws {
    let file = namespace.state.path + "/report.html"
    _ = try run(["report", "--html", file, "--state-dir", namespace.state.path], ["LC_ALL": "C"])
    #expect(try String(contentsOfFile: file, encoding: .utf8).contains("café→日["))
    let page = try run(
      ["report", "--html", "-", "--state-dir", namespace.state.path], ["LC_ALL": "C"])
    #expect(page.text.contains("café→日["))
    #expect(try run(["metrics"], ["LC_ALL": "C"]).text.contains("café→日"))
  }
}
