import Testing

/// A kernel built without `CONFIG_INET_DIAG_DESTROY`.
@Suite(.waitsForPrograms, .needsNamespaces) struct KernelWithoutDestroyTests {
  private let namespace: NetworkNamespace
  private let directory: TemporaryDirectory
  private let library: String

  init() throws {
    namespace = try NetworkNamespace()
    directory = try TemporaryDirectory()
    library = directory.path + "/withoutdestroy.so"
    // clang comes with the Swift toolchain.
    let built = try Command.run(
      ["clang", "-shared", "-fPIC", "-o", library, Tools.fixture("withoutdestroy.c")])
    try #require(built.status == 0, "\(built.errorText)")
  }

  private func run(_ words: String...) throws -> CommandResult {
    try Command.run(
      namespace.entering + [Tools.connreap] + words + ["--state-dir", directory.path],
      environment: ["LD_PRELOAD": library])
  }

  @Test func killNamesTheKernelOptionAndAnAlternative() throws {
    let pair = try namespace.pair(port: 8080)
    let ended = try run("kill", "--yes", "--local-port", "8080")
    #expect(ended.status == 69)
    #expect(ended.errorText.contains("CONFIG_INET_DIAG_DESTROY"))
    #expect(ended.errorText.contains("--method shutdown"))
    #expect(try pair.client.reaches(pair.server), "nothing is closed")
    #expect(try run("log", "-o", "jsonl").text.isEmpty, "nothing is announced")
  }

  @Test func shutdownStillWorks() throws {
    let pair = try namespace.pair(port: 8080)
    let ended = try run("kill", "--yes", "--local-port", "8080", "--method", "shutdown")
    #expect(ended.status == 0)
    #expect(try pair.client.receive() == .end)
  }

  @Test func aDryRunStillPlans() throws {
    let pair = try namespace.pair(port: 8080)
    let ended = try run("kill", "--dry-run", "--local-port", "8080", "-o", "json")
    #expect(ended.status == 0)
    #expect(try PlanReport(ended).connections.map(\.decision) == ["close"])
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func aPolicyThatDestroysFailsInTheSameWay() throws {
    let pair = try namespace.pair(port: 8080)
    let file = try directory.write(
      "destroy.yaml",
      """
      version: 1
      policies:
        - name: everything
          match: { local-port: 8080 }
          limit: 10
          action: destroy
      """)
    let ended = try run("policy", "apply", file)
    #expect(ended.status == 69)
    #expect(ended.errorText.contains("CONFIG_INET_DIAG_DESTROY"))
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func doctorReportsTheMissingKernelOption() throws {
    let ended = try Command.run(
      namespace.entering + [Tools.connreap, "doctor"], environment: ["LD_PRELOAD": library])
    #expect(ended.status == 1)
    let line = ended.lines.first { $0.contains("closing sockets") }
    #expect(line?.hasPrefix("✗") == true)
    #expect(line?.contains("CONFIG_INET_DIAG_DESTROY=y, or --method shutdown") == true)
  }
}
