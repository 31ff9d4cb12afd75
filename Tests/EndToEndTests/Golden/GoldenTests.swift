import FoundationEssentials
import Glibc
import Testing

/// What the tool prints, to the letter: of a recording, which is the same on every machine.
@Suite struct GoldenTests {
  private static let folder =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Golden"

  /// One file of expected output, and the words that make it.
  struct Case: CustomTestStringConvertible {
    let name: String
    let words: [String]
    var isReplayed = true
    var status: Int32 = 0

    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(name: "help", words: ["--help"], isReplayed: false),
    Case(name: "help-list", words: ["list", "--help"], isReplayed: false),
    Case(name: "help-leaks", words: ["leaks", "--help"], isReplayed: false),
    Case(name: "help-kill", words: ["kill", "--help"], isReplayed: false),
    Case(name: "help-policy", words: ["policy", "--help"], isReplayed: false),
    Case(name: "help-policy-new", words: ["policy", "new", "--help"], isReplayed: false),
    Case(name: "help-policy-apply", words: ["policy", "apply", "--help"], isReplayed: false),
    Case(name: "help-doctor", words: ["doctor", "--help"], isReplayed: false),
    Case(name: "help-stats", words: ["stats", "--help"], isReplayed: false),
    Case(name: "help-listeners", words: ["listeners", "--help"], isReplayed: false),
    Case(name: "help-top", words: ["top", "--help"], isReplayed: false),
    Case(name: "help-metrics", words: ["metrics", "--help"], isReplayed: false),
    Case(name: "list-table", words: ["list", "--state", "all"]),
    Case(name: "list-default", words: ["list"]),
    Case(name: "leaks", words: ["leaks", "--leaked-after", "1ms"]),
    Case(name: "list-wide", words: ["list", "-o", "wide", "--state", "close-wait,established"]),
    Case(name: "list-json", words: ["list", "-o", "json", "--state", "all"]),
    Case(name: "list-jsonl", words: ["list", "-o", "jsonl", "--state", "close-wait"]),
    Case(name: "list-csv", words: ["list", "-o", "csv"]),
    Case(name: "list-color", words: ["list", "--color", "always", "--state", "close-wait"]),
    Case(name: "list-process", words: ["list", "--process", "server", "--sort", "peer-port"]),
    Case(
      name: "list-columns",
      words: ["list", "--columns", "cookie,inode,uid,pid,fds,note", "--local-port", "8080"]),
    Case(name: "kill-dry-run", words: ["kill", "-n", "--state", "close-wait"]),
    Case(name: "kill-dry-run-json", words: ["kill", "-n", "--state", "close-wait", "-o", "json"]),
    Case(name: "kill-dry-run-spared", words: ["kill", "-n", "--state", "all", "--all"]),
    Case(name: "policy-plan", words: ["policy", "plan", "policy.yaml"]),
    Case(name: "stats", words: ["stats"]),
    Case(name: "stats-explain", words: ["stats", "--explain", "--state", "connected"]),
    Case(name: "stats-json", words: ["stats", "-o", "json"]),
    Case(name: "stats-csv", words: ["stats", "-o", "csv"]),
    Case(name: "stats-process", words: ["stats", "--by", "process"]),
    Case(name: "stats-process-json", words: ["stats", "--by", "process", "-o", "json"]),
    Case(name: "stats-process-csv", words: ["stats", "--by", "process", "-o", "csv"]),
    Case(name: "stats-listener", words: ["stats", "--by", "listener", "--color", "always"]),
    Case(name: "listeners", words: ["listeners"]),
    Case(name: "listeners-json", words: ["listeners", "-o", "json"]),
    Case(name: "policy-plan-json", words: ["policy", "plan", "policy.yaml", "-o", "json"]),
  ]

  /// Every command that prints a table, for terminals of several widths.
  static let tables: [Case] = [
    Case(name: "leaks", words: ["leaks", "--leaked-after", "1s"]),
    Case(name: "list", words: ["list", "--state", "all"]),
    Case(name: "list-wide", words: ["list", "-o", "wide", "--state", "all"]),
    Case(
      name: "list-criteria",
      words: ["list", "--state", "all", "not mark = 7 and not stalled > 1h and not user = 7"]),
    Case(name: "stats", words: ["stats"]),
    Case(name: "stats-all-explain", words: ["stats", "--all", "--explain"]),
    Case(name: "stats-process", words: ["stats", "--by", "process"]),
    Case(name: "stats-program-peer", words: ["stats", "--by", "program,peer,state"]),
    Case(name: "listeners", words: ["listeners"]),
    Case(name: "kill-plan", words: ["kill", "-n", "--state", "close-wait"]),
    Case(name: "kill-plan-spared", words: ["kill", "-n", "--state", "all", "--all"]),
    Case(name: "policy-plan", words: ["policy", "plan", "policy.yaml"]),
    Case(name: "policy-check", words: ["policy", "check", "policy.yaml"], isReplayed: false),
    Case(
      name: "policy-check-errors", words: ["policy", "check", "broken.yaml"], isReplayed: false,
      status: 65),
    Case(name: "log", words: ["log", "--state-dir", "state"], isReplayed: false),
    Case(name: "log-each", words: ["log", "--each", "--state-dir", "state"], isReplayed: false),
  ]

  @Test(arguments: cases)
  func theOutputIsAsExpected(of item: Case) throws {
    let printed = try printed(by: item, columns: nil)
    try Self.expect(printed, in: "\(item.name).txt")
  }

  @Test(arguments: tables, [80, 100, 160])
  func tablesFitTheirWidth(of item: Case, columns: Int) throws {
    let printed = try printed(by: item, columns: columns)
    try Self.expect(printed, in: "\(columns)/\(item.name).txt")
    // The errors of a policy file are like a compiler's, one line each.
    guard !item.name.hasPrefix("policy-check") else { return }
    let output = printed.components(separatedBy: "-- standard error:")[0]
    // A suggested command stays on one line, so that it can be copied.
    for line in output.split(separator: "\n") where !line.hasPrefix("  connreap ") {
      #expect(line.unicodeScalars.count <= columns, "\(line)")
    }
  }

  /// Standard output and standard error of a command.
  private func printed(by item: Case, columns: Int?) throws -> String {
    let source = item.isReplayed ? ["--replay", "scene.rec", "--proc-root", "proc"] : []
    let words = [Tools.connreap] + item.words + source
    // The help is always as wide as this; tables in a pipe are not fitted.
    let width = columns ?? (item.words.contains("--help") ? 100 : nil)
    let ended = try Command.run(
      ["sh", "-c", "cd '\(Self.folder)' && exec \"$@\"", "sh"] + words,
      environment: ["COLUMNS": width.map { "\($0)" } ?? "", "NO_COLOR": ""])
    #expect(ended.status == item.status)
    let errorText = ended.errorText.isEmpty ? "" : "-- standard error:\n" + ended.errorText
    return ended.text + errorText
  }

  private static func expect(_ printed: String, in name: String) throws {
    let file = "\(folder)/expected/\(name)"
    if getenv("UPDATE_GOLDEN") != nil { try Self.write(Array(printed.utf8), to: file) }
    #expect(printed == (try Self.read(file)))
  }

  private static func read(_ path: String) throws -> String {
    try Command.run(["cat", path]).text
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    #expect(descriptor >= 0)
    #expect(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
    close(descriptor)
  }
}
