import Testing

/// Policies written for a selection select and close what the selection does.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct PolicyNewTests {
  let namespace: NetworkNamespace
  let folder: TemporaryDirectory
  let leaks: Socket
  let others: Socket

  init() throws {
    namespace = try NetworkNamespace()
    folder = try TemporaryDirectory()
    leaks = try namespace.server.listen("leaks", port: 8080)
    others = try namespace.server.listen("others", port: 8081)
  }

  /// Writes what connreap prints for these words to a file, which `policy check` must accept.
  private func write(_ words: [String], to name: String = "leak.yaml") throws -> String {
    let printed = try namespace.connreap(words)
    try #require(printed.status == 0, "\(printed.errorText)")
    #expect(printed.errorText.isEmpty)
    let file = try folder.write(name, printed.text)
    let checked = try namespace.connreap("policy", "check", file)
    #expect(checked.status == 0 && checked.errorText.isEmpty, "\(checked.errorText)")
    return file
  }

  private func apply(_ path: String) throws -> CommandResult {
    try namespace.connreap("policy", "apply", "--state-dir", namespace.state.path, path)
  }

  @Test func aNewPolicyClosesTheLeaksAndNothingElse() throws {
    let leaked = try namespace.closeWaits(3, to: leaks)
    let (fine, other) = (
      try namespace.pair(to: leaks, as: "fine"), try namespace.closeWaits(3, to: others)
    )
    try namespace.waitUntilIdle(20, leaked[2].server)
    let file = try write([
      "policy", "new", "leak", "--state", "close-wait", "--local-port", "8080", "--in-state",
      "10ms", "--threshold", "2", "--keep", "1",
    ])
    let ended = try apply(file)
    #expect(ended.status == 0, "\(ended.errorText)")
    #expect(try namespace.rows("--state", "close-wait", "--local-port", "8080").count == 1)
    #expect(try namespace.rows("--state", "close-wait", "--local-port", "8081").count == 3)
    #expect(try fine.client.reaches(fine.server))
    #expect(try other[0].server.send("alive") == nil)
  }

  /// The comments of the file name two commands.
  @Test func theCommandsInItsCommentsWorkAsPrinted() throws {
    _ = try namespace.closeWaits(3, to: leaks)
    let file = try write([
      "policy", "new", "leak", "--state", "close-wait", "--threshold", "2", "--action", "report",
    ])
    let text = try Command.run(["cat", file]).text
    let commands = text.split(separator: "\n").filter { $0.hasPrefix("#   ") }.map {
      $0.dropFirst(4).replacing("/etc/connreap/", with: folder.path + "/etc/")
    }
    try #require(commands.count == 2)
    for (command, part) in zip(commands, ["leak.yaml:8 leak → report", ""]) {
      let ended = try Command.run(
        namespace.entering + [
          "sh", "-ec",
          "cd '\(folder.path)'; connreap() { \(Tools.connreapWord) \"$@\"; }; \(command)",
        ])
      #expect(ended.status == 0, "\(command): \(ended.errorText)")
      #expect(ended.text.contains(part), "\(ended.text)")
    }
    #expect(try Command.run(["ls", folder.path + "/etc/policies"]).text == "leak.yaml\n")
    #expect(try apply(folder.path + "/etc/policies").status == 0)
  }

  @Test func aSelectionWithActiveConnectionsIsOnlyReported() throws {
    let pair = try namespace.pair(to: leaks, as: "active")
    let file = try write(["policy", "new", "leak", "--port", "8080", "--threshold", "1"])
    #expect(try apply(file).text.contains("report 2"))
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func killPrintsTheEquivalentPolicyAndClosesNothing() throws {
    let leaked = try namespace.closeWaits(4, to: leaks)
    let other = try namespace.closeWaits(3, to: others)
    let selection = ["state", "close-wait", "and", "sport", "=", ":8080"]
    let file = try write(
      ["kill", "--as-policy", "leak", "--max", "3", "--rate", "500", "--yes"] + selection)
    #expect(try apply(file).status == 2, "--max becomes the limit")
    #expect(try namespace.rows("--state", "close-wait").count == 7)
    try leaked[0].server.close()
    #expect(try apply(file).status == 0)
    #expect(try namespace.rows(selection).isEmpty)
    #expect(try other[0].server.send("alive") == nil)
  }

  @Test(arguments: ["destroy", "shutdown", "abort", "keepalive"])
  func theMethodBecomesTheAction(method: String) throws {
    let file = try write(["kill", "--port", "8080", "--method", method, "--as-policy", "leak"])
    #expect(try Command.run(["cat", file]).text.contains("\n    action: \(method)\n"))
  }

  @Test func neitherNeedsPrivilegesOrALog() throws {
    for words in [["policy", "new", "leak"], ["kill", "--as-policy", "leak"]] {
      let ended = try Command.run(
        ["setpriv", "--bounding-set=-all", "--inh-caps=-all", Tools.connreap] + words + [
          "--state", "close-wait",
        ])
      #expect(ended.status == 0, "\(ended.errorText)")
      #expect(ended.text.contains("state: close-wait"))
    }
  }

  @Test(arguments: [
    (["policy", "new", "leak"], "it would match every connection"),
    (["policy", "new", "leak", "--state", "all"], "it would match every connection"),
    (["kill", "--all", "--as-policy", "leak"], "it would match every connection"),
    (["policy", "new", "A b", "--port", "1"], "invalid policy name \"A b\""),
    (["policy", "new", "a\nb", "--port", "1"], #"invalid policy name "a\x0ab""#),
    (["kill", "--port", "1", "--as-policy", "-x"], "--as-policy: missing name"),
    (["policy", "new", "leak", "--process", "a|b", "--idle", "1h"], "does not separate names"),
    (["policy", "new", "leak", "--user", "no-such-user"], "no-such-user"),
    (["policy", "new", "leak", "--port", "1", "--threshold", "0"], "--threshold must be at"),
    (["policy", "new", "leak", "--port", "1", "--action", "delete"], "delete"),
    (["kill", "--plan", "x", "--as-policy", "leak"], "a policy cannot express --plan"),
    (["kill", "--port", "1", "--unprotect", "sshd", "--as-policy", "leak"], "express --unprotect"),
    (["kill", "--port", "1", "--timeout", "9s", "--as-policy", "leak"], "express --timeout"),
    (["kill", "--port", "1", "-o", "json", "--as-policy", "leak"], "express -o json"),
    (
      ["kill", "--port", "1", "--method", "keepalive", "--keepalive-count", "2"]
        + ["--as-policy", "leak"], "express settings of keepalive"
    ),
  ])
  func whatNoPolicyCanExpressIsBadUsage(words: [String], reason: String) throws {
    let ended = try namespace.connreap(words)
    #expect(ended.status == 64)
    #expect(ended.output.isEmpty)
    #expect(ended.errorText.contains(reason), "\(ended.errorText)")
  }
}
