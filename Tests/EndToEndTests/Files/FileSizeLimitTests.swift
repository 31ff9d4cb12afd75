import Testing

/// Where the limit on file sizes (RLIMIT_FSIZE) is reached, no command is killed by SIGXFSZ.
@Suite(.waitsForPrograms, .needsNamespaces) struct FileSizeLimitTests {
  let namespace: NetworkNamespace
  let folder: TemporaryFolder

  init() throws {
    namespace = try NetworkNamespace()
    folder = try TemporaryFolder()
    _ = try folder.write(
      "policy.yaml",
      "version: 1\npolicies:\n  - name: a\n    match: {state: close-wait}\n    action: destroy\n")
  }

  /// Runs a shell script in which no file can grow. Standard error is a pipe.
  private func limited(_ script: String) throws -> Ended {
    try Command.run(
      namespace.entering + [
        "bash", "-c", "ulimit -f 0; cd \"$1\"; " + script, Tools.connreap, folder.path,
      ])
  }

  @Test(arguments: [
    "list --all", "list -o csv", "list -o json", "list -o jsonl --state all", "stats",
    "listeners -o json",
    "doctor", "policy schema", "metrics --state-dir state", "report --state-dir state --html -",
    "policy plan policy.yaml --state-dir state",
  ])
  func standardOutputThatIsAFileIsReported(command: String) throws {
    let command = command.replacing("list --all", with: "list --state all")
    _ = try namespace.server.listen("listener", port: 8080)
    let ended = try limited("\"$0\" \(command) > output")
    #expect(ended.status == 1, "\(ended.complaints)")
    #expect(
      ended.complaints.contains("cannot write the output: the limit on file sizes is reached"),
      "\(ended.complaints)")
  }

  @Test(arguments: [
    "metrics --state-dir state --textfile file", "report --state-dir state --html file",
    "list --record file",
  ])
  func aFileIsReportedAndNothingIsLeft(command: String) throws {
    let ended = try limited("\"$0\" \(command)")
    #expect(ended.status == 1)
    #expect(
      ended.complaints.contains("cannot write file: the limit on file sizes is reached"),
      "\(ended.complaints)")
    #expect(try Command.run(["ls", "-A", folder.path]).lines == ["policy.yaml"])
  }

  @Test(.needsDestroy) func nothingIsClosedWhenItCannotBeWrittenDown() throws {
    let listener = try namespace.server.listen("listener", port: 8080)
    _ = try namespace.closeWaits(2, to: listener)
    for command in ["kill --state close-wait --yes", "policy apply policy.yaml"] {
      let ended = try limited("\"$0\" \(command) --state-dir state")
      #expect(ended.status == 1, "\(command): \(ended.status) \(ended.complaints)")
    }
    #expect(try namespace.rows(["--state", "close-wait"]).count == 2)
  }

  @Test func aClosedPipeEndsAList() throws {
    _ = try namespace.server.listen("listener", port: 8080)
    let script = "\"$0\" list --state all -o jsonl | true; echo ${PIPESTATUS[0]}"
    let ended = try Command.run(namespace.entering + ["bash", "-c", script, Tools.connreap])
    #expect(ended.text == "0\n", "\(ended.complaints)")
  }
}
