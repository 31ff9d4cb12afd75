import Testing

/// What happens on a kernel that was built without `CONFIG_INET_DIAG_DESTROY`.
@Suite(.waitsForPrograms, .needsNamespaces) struct KernelWithoutDestroyTests {
  private let namespace: NetworkNamespace
  private let folder: TemporaryFolder
  private let library: String

  init() throws {
    namespace = try NetworkNamespace()
    folder = try TemporaryFolder()
    library = folder.path + "/withoutdestroy.so"
    // It comes with the Swift toolchain.
    let built = try Command.run(
      ["clang", "-shared", "-fPIC", "-o", library, Tools.fixture("withoutdestroy.c")])
    try #require(built.status == 0, "\(built.complaints)")
  }

  private func run(_ words: String...) throws -> Ended {
    try Command.run(
      namespace.entering + [Tools.connreap] + words + ["--state-dir", folder.path],
      environment: ["LD_PRELOAD": library])
  }

  @Test func itIsSaidUpFrontWithTheOptionAndAnotherWay() throws {
    let pair = try namespace.pair(port: 8080)
    let ended = try run("kill", "--yes", "--local-port", "8080")
    #expect(ended.status == 69)
    #expect(ended.complaints.contains("CONFIG_INET_DIAG_DESTROY"))
    #expect(ended.complaints.contains("--method shutdown"))
    #expect(try pair.client.reaches(pair.server), "nothing was closed")
    #expect(try run("log", "-o", "jsonl").text.isEmpty, "nor announced")
  }

  @Test func theOtherWayIsOpen() throws {
    let pair = try namespace.pair(port: 8080)
    let ended = try run("kill", "--yes", "--local-port", "8080", "--method", "shutdown")
    #expect(ended.status == 0)
    #expect(try pair.client.receive() == .end)
  }

  @Test func aPlanCanBeMade() throws {
    let pair = try namespace.pair(port: 8080)
    let ended = try run("kill", "--dry-run", "--local-port", "8080", "-o", "json")
    #expect(ended.status == 0)
    #expect(try PlanReport(ended).connections.map(\.decision) == ["close"])
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func aPolicyThatDestroysFailsWithThatToo() throws {
    let pair = try namespace.pair(port: 8080)
    let file = try folder.write(
      "destroy.yaml",
      """
      version: 1
      policies:
        - name: all-of-it
          match: { local-port: 8080 }
          limit: 10
          action: destroy
      """)
    let ended = try run("policy", "apply", file)
    #expect(ended.status == 69)
    #expect(ended.complaints.contains("CONFIG_INET_DIAG_DESTROY"))
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func doctorSaysSo() throws {
    let ended = try Command.run(
      namespace.entering + [Tools.connreap, "doctor"], environment: ["LD_PRELOAD": library])
    #expect(ended.status == 1)
    let line = ended.lines.first { $0.contains("closes them") }
    #expect(line?.hasPrefix("✗") == true)
    #expect(line?.contains("CONFIG_INET_DIAG_DESTROY=y, or --method shutdown") == true)
  }
}
