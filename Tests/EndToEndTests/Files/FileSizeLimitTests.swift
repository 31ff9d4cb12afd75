import Testing

/// Reaching the limit on file sizes (RLIMIT_FSIZE) is an error, and SIGXFSZ kills no command.
@Suite(.waitsForPrograms, .needsNamespaces) struct FileSizeLimitTests {
  let namespace: NetworkNamespace
  let directory: TemporaryDirectory

  init() throws {
    namespace = try NetworkNamespace()
    directory = try TemporaryDirectory()
    _ = try directory.write(
      "policy.yaml",
      "version: 1\npolicies:\n  - name: a\n    match: {state: close-wait}\n    action: destroy\n")
  }

  /// Runs a shell script with a file size limit of 0. Standard error is a pipe, so it has no limit.
  private func limited(_ script: String) throws -> CommandResult {
    try Command.run(
      namespace.entering + [
        "bash", "-c", "ulimit -f 0; cd \"$1\"; " + script, Tools.connreap, directory.path,
      ])
  }

  @Test(arguments: [
    "list --all", "list -o csv", "list -o json", "list -o jsonl --state all", "stats",
    "listeners -o json",
    "doctor", "policy schema", "metrics --state-dir state", "report --state-dir state --html -",
    "policy plan policy.yaml --state-dir state",
  ])
  func failuresToWriteStandardOutputAreReported(command: String) throws {
    let command = command.replacing("list --all", with: "list --state all")
    _ = try namespace.server.listen("listener", port: 8080)
    let ended = try limited("\"$0\" \(command) > output")
    #expect(ended.status == 1, "\(ended.errorText)")
    #expect(
      ended.errorText.contains("cannot write the output: the limit on file sizes is reached"),
      "\(ended.errorText)")
  }

  @Test(arguments: [
    "metrics --state-dir state --textfile file", "report --state-dir state --html file",
    "list --record file",
  ])
  func failuresToWriteFilesLeaveNoFile(command: String) throws {
    let ended = try limited("\"$0\" \(command)")
    #expect(ended.status == 1)
    #expect(
      ended.errorText.contains("cannot write file: the limit on file sizes is reached"),
      "\(ended.errorText)")
    #expect(try Command.run(["ls", "-A", directory.path]).lines == ["policy.yaml"])
  }

  @Test(.needsDestroy) func nothingIsClosedIfTheAuditLogCannotBeWritten() throws {
    let listener = try namespace.server.listen("listener", port: 8080)
    _ = try namespace.closeWaits(2, to: listener)
    for command in ["kill --state close-wait --yes", "policy apply policy.yaml"] {
      let ended = try limited("\"$0\" \(command) --state-dir state")
      #expect(ended.status == 1, "\(command): \(ended.status) \(ended.errorText)")
    }
    #expect(try namespace.rows(["--state", "close-wait"]).count == 2)
  }

  @Test func closedPipesEndListWithoutAnError() throws {
    _ = try namespace.server.listen("listener", port: 8080)
    let script = "\"$0\" list --state all -o jsonl | true; echo ${PIPESTATUS[0]}"
    let ended = try Command.run(namespace.entering + ["bash", "-c", script, Tools.connreap])
    #expect(ended.text == "0\n", "\(ended.errorText)")
  }
}
