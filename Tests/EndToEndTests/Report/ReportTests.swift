import FoundationEssentials
import Glibc
import Testing

/// The report of a real machine.
@Suite(.waitsForPrograms, .needsNamespaces) struct ReportTests {
  let namespace: NetworkNamespace
  let folder: TemporaryDirectory
  let listener: Socket
  private var file: String { folder.path + "/report.html" }

  static let hostileName: [UInt8] = Array("<b>\"'&\u{1b}\n\u{202e}\\".utf8)

  init() throws {
    namespace = try NetworkNamespace()
    folder = try TemporaryDirectory()
    #expect(chmod(namespace.state.path, 0o700) == 0)
    listener = try namespace.server.listen("pool", port: 8080)
  }

  private func report(_ arguments: String..., behind prefix: [String] = []) throws -> CommandResult
  {
    try namespace.connreap(
      ["report", "--state-dir", namespace.state.path, "--leaked-after", "1ms"] + arguments,
      behind: prefix)
  }

  private func page(_ arguments: String...) throws -> String {
    let ended = try namespace.connreap(
      ["report", "--state-dir", namespace.state.path, "--leaked-after", "1ms", "--html", "-"]
        + arguments)
    #expect(ended.status == 0, "\(ended.errorText)")
    return ended.text
  }

  private func apply(_ policy: String) throws {
    let ended = try namespace.connreap(
      "policy", "apply", "--state-dir", namespace.state.path, folder.write("p.yaml", policy))
    #expect(ended.status == 0, "\(ended.errorText)")
  }

  private static let watch = """
    version: 1
    policies:
      - name: watch-pool
        match:
          state: close-wait
        group-by: process
        threshold: 2
        action: report

    """

  /// A machine with every kind of problem: a growing leak, a full queue and a log of closes.
  private func scene() throws {
    try namespace.server.rename(Self.hostileName)
    _ = try namespace.closeWaits(3, to: listener)
    try apply(Self.watch)
    for number in 0..<2 {
      let pair = try namespace.pair(to: listener, as: "more-\(number)")
      try pair.client.finish()
    }
    pause(for: .milliseconds(1100))
    try apply(Self.watch)
    _ = try namespace.pair(to: listener, as: "fine")
    let stuck = try namespace.server.listen("stuck", port: 8081, backlog: 1)
    for number in 0..<2 {
      _ = try namespace.server.connect("waiting-\(number)", port: stuck.port)
    }
  }

  @Test func aLeakIsToldWithWhatEarlierRunsSaw() throws {
    try scene()
    let page = try page()
    let name = #"&lt;b&gt;&quot;&#39;&amp;\x1b\x0a\u{202e}\[\#(namespace.server.pid)]"#
    #expect(
      page.contains("1 process leaks: \(name) has 5 leaked connections."))
    #expect(page.contains("by policy watch-pool: 3 in the first of 2 runs, 0 closed since"))
    #expect(page.contains(" per hour "))
    #expect(page.contains("1 accept queue is full: 127.0.0.1:8081 is dropping connections."))
    #expect(page.contains("2 of 1, full"))
    #expect(!page.contains("\u{1b}") && !page.contains("\u{202e}") && !page.contains("<b>"))
  }

  @Test(.needsDestroy) func whatWasClosedIsTold() throws {
    _ = try namespace.closeWaits(3, to: listener)
    #expect(try namespace.kill("--state", "close-wait").status == 0)
    let page = try page()
    #expect(page.contains("3 decisions in the audit log"))
    #expect(page.contains("Requested by"))
    #expect(page.contains("No leaks and no full accept queues"))
    #expect(try self.page("--state", "listen").contains("no decisions about the selection"))
  }

  @Test func whatWasNeverDoneIsUnknownAndNotZero() throws {
    let page = try page()
    #expect(page.contains("Unknown: no audit log in \(namespace.state.path)."))
    #expect(page.contains("Growth is unknown: no run of &#39;policy apply&#39; has been recorded"))
  }

  @Test func theSelectionNarrowsIt() throws {
    _ = try namespace.closeWaits(2, to: listener)
    let page = try page("--port", "8081", "not", "state", "listen")
    #expect(page.contains("only --port 8081 not state listen"))
    #expect(page.contains("No sockets selected."))
    #expect(try namespace.connreap("report", "--html", "-", "--port", "x").status == 64)
    #expect(try namespace.connreap("report").status == 64, "--html is required")
    let duration = try namespace.connreap("report", "--html", "-", "--leaked-after", "5")
    #expect(duration.status == 64 && duration.errorText.contains("--leaked-after"))
  }

  @Test(.enabled(if: Tools.has(Tools.python, "--version"), "needs python3"))
  func xmlAndHTMLReadTheSame() throws {
    try scene()
    #expect(try report("--html", file).status == 0)
    let ended = try Command.run([Tools.python, Tools.fixture("wellformed.py"), file])
    #expect(ended.text == "the same\n", "\(ended.errorText)")
  }

  // MARK: - The file

  private func mode(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
  }

  private var names: [String] {
    get throws { try Command.run(["ls", "-A", folder.path]).lines.map(String.init) }
  }

  @Test func theFileIsForItsOwnerAloneAndKeepsWhatItWasGiven() throws {
    let ended = try report("--html", file)
    #expect(ended.status == 0 && ended.output.isEmpty && ended.errors.isEmpty)
    #expect(mode(file) == 0o600, "the file shows who talks to whom")
    #expect(chmod(file, 0o644) == 0)
    #expect(try report("--html", file).status == 0)
    #expect(mode(file) == 0o644, "the user has published the file")
    #expect(try names == ["report.html"], "no temporary file is left")
  }

  @Test func whatFailsLeavesTheOldFile() throws {
    _ = try folder.write("report.html", "old")
    let missing = try report("--html", folder.path + "/no/report.html")
    #expect(missing.status == 1 && missing.errorText.contains("cannot write"))
    #expect(try report("--html", file, "--replay", "/nonexistent").status == 65)
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "old")
    #expect(try names == ["report.html"])
  }

  @Test func aDeviceOrALinkIsNotReplaced() throws {
    #expect(symlink("target", file) == 0)
    let link = try report("--html", file)
    #expect(link.status == 64 && link.errorText.contains("is a symbolic link, not a regular file"))
    let device = try report("--html", "/dev/null")
    #expect(device.status == 64)
    #expect(mode("/dev/null") == 0o666)
    #expect(try names == ["report.html"])
  }

  @Test func aFullDiskIsSaid() throws {
    let ended = try Command.run(
      namespace.entering + [
        "bash", "-c", "\"$0\" report --html - --state-dir \"$1\" > /dev/full", Tools.connreap,
        namespace.state.path,
      ])
    #expect(ended.status == 1 && ended.errorText.contains("cannot write the output"))
  }

  @Test func whoReadsMeanwhileFindsAWholePage() throws {
    #expect(try report("--html", file).status == 0)
    let reader = try Command([
      "bash", "-c",
      "for i in $(seq 400); do tail -n 1 \"$0\" || echo torn; done | sort | uniq -c", file,
    ])
    for _ in 0..<5 { #expect(try report("--html", file).status == 0) }
    #expect(try reader.end().lines.map { $0.split(separator: " ") } == [["400", "</html>"]])
  }

  @Test func aTerminalIsToldTheVerdict() throws {
    _ = try namespace.closeWaits(1, to: listener)
    let words = [Tools.connreap, "report", "--leaked-after", "1ms", "--html", file]
    let ended = try Command.run(
      namespace.entering + [
        "script", "-qec",
        (words + ["--state-dir", namespace.state.path]).joined(separator: " "), "/dev/null",
      ])
    #expect(ended.text.contains("\(file): 1 process leaks: "), "\(ended.text)")
  }

  // MARK: - Damaged files

  @Test func aDamagedHistoryIsSaidAndTheRestIsThere() throws {
    _ = try namespace.closeWaits(2, to: listener)
    let database = namespace.state.path + "/connreap.db"
    #expect(
      try Command.run(["bash", "-c", "umask 077; echo no database > \"$0\"", database]).status == 0)
    let page = try page()
    #expect(page.contains("Growth is unknown: \(database) is damaged."))
    #expect(page.contains("has 2 leaked connections"))
    // A selection by age needs the history.
    #expect(try Command.run(["chmod", "666", database]).status == 0)
    let untrusted = try report("--html", "-", "--age", "1s")
    #expect(untrusted.status == 1 && untrusted.errorText.contains("cannot read the history of"))
    let without = try report("--html", "-")
    #expect(without.status == 0 && without.errorText.contains("cannot read the history of"))
  }

  @Test func aDamagedLogIsSaidAndTheRestIsThere() throws {
    _ = try namespace.state.write("audit.jsonl", "half a line\n{}\n")
    #expect(try page().contains("2 unreadable log lines left out."))
    #expect(try Command.run(["rm", namespace.state.path + "/audit.jsonl"]).status == 0)
    #expect(
      try Command.run(["mkdir", namespace.state.path + "/audit.jsonl"]).status == 0)
    let ended = try report("--html", "-")
    #expect(ended.status == 0 && ended.errorText.contains("audit.jsonl"))
    #expect(ended.text.contains("Unknown: "))
  }

  // MARK: - Missing privileges, and recordings

  @Test func withoutPrivilegesItSaysWhatIsMissing() throws {
    _ = try namespace.closeWaits(2, to: listener)
    let ended = try namespace.connreap(
      ["report", "--html", "-", "--leaked-after", "1ms", "--state-dir", namespace.state.path],
      behind: ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"])
    #expect(ended.status == 0, "\(ended.errorText)")
    #expect(ended.text.contains("2 leaked connections; their processes are unknown."))
    #expect(ended.text.contains("Gaps"))
    #expect(ended.text.contains("owners are missing"))
    #expect(ended.text.contains("Growth is unknown: "))
    #expect(ended.errorText.contains(namespace.state.path), "others cannot read the directory")
  }

  /// `list` made the recording of the golden files.
  @Test func aRecordingOfAListHasItAll() throws {
    let golden =
      "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Golden"
    let words = [Tools.connreap, "report", "--html", "-", "--leaked-after", "1s"]
    let ended = try Command.run(
      words + ["--replay", golden + "/scene.rec", "--proc-root", golden + "/proc"])
    #expect(ended.status == 0 && ended.errors.isEmpty, "\(ended.errorText)")
    #expect(
      ended.text.contains("1 process leaks: server[10249] has 3 leaked connections."))
    #expect(ended.text.contains("18 sockets: 14 IPv4, 4 IPv6."))
    #expect(ended.text.contains("<th scope=\"row\" class=\"name code\">0.0.0.0:8080</th>"))
  }

  @Test func aRecordingIsToldWithoutTheMachineOfNow() throws {
    try scene()
    let recording = folder.path + "/scene.rec"
    #expect(try report("--html", file, "--record", recording).status == 0)
    let ended = try Command.run([
      Tools.connreap, "report", "--html", "-", "--leaked-after", "1ms", "--replay", recording,
    ])
    #expect(ended.status == 0, "\(ended.errorText)")
    #expect(ended.text.contains("TCP connections of a recording"))
    #expect(ended.text.contains("5 leaked connections; their processes are unknown."))
    #expect(ended.text.contains("127.0.0.1:8081 is dropping connections"))
    #expect(ended.text.contains("Unknown: not part of a recording."))
    #expect(ended.text.contains("overflows unknown"))
  }
}
