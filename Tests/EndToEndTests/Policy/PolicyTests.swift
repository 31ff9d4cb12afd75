import Glibc
import Testing

/// Policies, from the file to the socket.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct PolicyTests {
  /// Closes the CLOSE-WAIT connections of a process that holds three or more.
  static let pileUp = """
    version: 1
    policies:
      - name: pile-up
        match:
          state: close-wait
        group-by: process
        threshold: 3
        action: destroy
        limit: 10

    """

  let namespace: NetworkNamespace
  let folder: TemporaryDirectory
  let listener: Socket

  init() throws {
    namespace = try NetworkNamespace()
    folder = try TemporaryDirectory()
    listener = try namespace.server.listen("pool", port: 8080)
  }

  private func policy(_ verb: String, _ arguments: String...) throws -> CommandResult {
    try namespace.connreap(["policy", verb, "--state-dir", namespace.state.path] + arguments)
  }

  private var leaks: Int {
    get throws { try namespace.rows("--state", "close-wait").count }
  }

  @Test func aPlanChangesNothing() throws {
    let leaked = try namespace.closeWaits(3, to: listener)
    let file = try folder.write("leaks.yaml", Self.pileUp)
    let ended = try policy("plan", file)
    #expect(ended.status == 0)
    #expect(ended.text.contains("pile-up"))
    #expect(ended.text.contains("3 of 3 will be closed (threshold 3)"))
    #expect(try leaks == 3)
    #expect(try leaked[0].server.send("alive") == nil)
  }

  @Test func applyClosesOnlyThePileUp() throws {
    _ = try namespace.closeWaits(3, to: listener)
    let fine = try namespace.pair(to: listener, as: "fine")
    let ended = try policy("apply", try folder.write("leaks.yaml", Self.pileUp))
    #expect(ended.status == 0)
    #expect(try leaks == 0)
    #expect(try fine.client.reaches(fine.server))
  }

  @Test func doesNothingBelowTheThreshold() throws {
    _ = try namespace.closeWaits(2, to: listener)
    let ended = try policy("apply", try folder.write("leaks.yaml", Self.pileUp))
    #expect(ended.status == 0)
    #expect(try leaks == 2)
  }

  @Test func theThresholdCountsPerGroup() throws {
    let other = try namespace.anotherPeer()
    let second = try other.listen("second", port: 8081)
    _ = try namespace.closeWaits(2, to: listener)
    for number in 0..<3 {
      let pair = try namespace.pair(to: second, client: other, as: "second-\(number)")
      try pair.client.finish()
    }
    #expect(try policy("apply", try folder.write("leaks.yaml", Self.pileUp)).status == 0)
    #expect(try namespace.rows("--state", "close-wait").map(\.local.port) == [8080, 8080])
  }

  /// Each connection counts once, for the strongest action.
  @Test func thePlanCountsEachConnectionOnce() throws {
    _ = try namespace.closeWaits(5, to: listener)
    func plan(_ first: String, _ second: String) throws -> Substring? {
      let file = try folder.write(
        "leaks.yaml",
        """
        version: 1
        policies:
          - name: first
            match: {state: close-wait}
            keep: 2
            action: \(first)
          - name: second
            match: {state: close-wait}
            threshold: 3
            action: \(second)

        """)
      return try policy("plan", file).lines.first { $0.hasPrefix("Plan:") }
    }
    #expect(
      try plan("destroy", "report")?.hasPrefix("Plan: close 3, report 0, leave 2, spare 0.") == true
    )
    #expect(
      try plan("report", "destroy")?.hasPrefix("Plan: close 5, report 0, leave 0, spare 0.") == true
    )
    #expect(
      try plan("report", "report")?.hasPrefix("Plan: close 0, report 5, leave 0, spare 0.") == true)
  }

  @Test func countsSharedUndecidedConnectionsOnce() throws {
    _ = try namespace.closeWaits(2, to: listener)
    let policies = ["one", "two"].map { name in
      """
        - name: \(name)
          match: {state: close-wait, age: 7d}
          action: report

      """
    }
    let file = try folder.write("leaks.yaml", "version: 1\npolicies:\n" + policies.joined())
    let ended = try policy("apply", file)
    #expect(ended.lines.last == "Nothing to close: report 0, leave 2, spare 0.")
  }

  @Test func reportsThatNothingWasClosed() throws {
    _ = try namespace.closeWaits(2, to: listener)
    let ended = try policy("apply", try folder.write("leaks.yaml", Self.pileUp))
    #expect(ended.lines.last == "Nothing to close: report 0, leave 2, spare 0.")
  }

  @Test func inStateSparesYoungConnections() throws {
    _ = try namespace.closeWaits(3, to: listener)
    let patient = Self.pileUp.replacing("    threshold", with: "    in-state: 1h\n    threshold")
    #expect(try policy("apply", try folder.write("leaks.yaml", patient)).status == 0)
    #expect(try leaks == 3)
  }

  @Test(arguments: ["port: 8080", "process: guarded", "peer: 127.0.0.0/8"])
  func protectionsOverrideEveryMatch(rule: String) throws {
    try namespace.server.rename("guarded")
    _ = try namespace.closeWaits(3, to: listener)
    let guarded = Self.pileUp.replacing(
      "policies:", with: "protect:\n  - \(rule)\npolicies:")
    #expect(try policy("apply", try folder.write("leaks.yaml", guarded)).status == 0)
    #expect(try leaks == 3)
  }

  @Test func exceptionsAreLeftOut() throws {
    _ = try namespace.closeWaits(3, to: listener)
    let except = Self.pileUp.replacing(
      "    group-by", with: "    except:\n      - local-port: 8080\n    group-by")
    #expect(try policy("apply", try folder.write("leaks.yaml", except)).status == 0)
    #expect(try leaks == 3)
  }

  @Test func reportOnlyReports() throws {
    _ = try namespace.closeWaits(3, to: listener)
    let report = Self.pileUp.replacing("action: destroy", with: "action: report")
    let ended = try policy("apply", try folder.write("leaks.yaml", report))
    #expect(ended.status == 0)
    #expect(ended.text.contains("pile-up"))
    #expect(try leaks == 3)
  }

  @Test func aDirectoryMeansAllItsFilesAndOneBadFileStopsAll() throws {
    _ = try namespace.closeWaits(3, to: listener)
    _ = try folder.write("10-leaks.yaml", Self.pileUp)
    _ = try folder.write("README", "not a policy: [")
    let bad = try folder.write("20-typo.yml", Self.pileUp.replacing("group-by", with: "groupby"))
    let refused = try policy("apply", folder.path)
    #expect(refused.status == 65)
    #expect(refused.errorText.contains("20-typo.yml:6:"))
    #expect(refused.errorText.contains("group-by"), "the nearest known key")
    #expect(try leaks == 3)
    #expect(unlink(bad) == 0)
    #expect(try policy("apply", folder.path).status == 0)
    #expect(try leaks == 0)
  }

  @Test func quietPrintsNothingIfThereIsNothingToReport() throws {
    let file = try folder.write("leaks.yaml", Self.pileUp)
    let idle = try policy("apply", "--quiet", file)
    #expect(idle == CommandResult(status: 0, output: [], errors: []))
    _ = try namespace.closeWaits(3, to: listener)
    let busy = try policy("apply", "--quiet", file)
    #expect(busy.status == 0)
    #expect(!(busy.text + busy.errorText).isEmpty)
  }

  @Test func aSecondRunIsLockedOut() throws {
    _ = try namespace.closeWaits(3, to: listener)
    let file = try folder.write("leaks.yaml", Self.pileUp)
    #expect(chmod(namespace.state.path, 0o700) == 0)
    let lock = namespace.state.path + "/connreap.lock"
    let holder = try Command(["flock", lock, "sleep", "3"])
    try waitUntil("locked") { try Command.run(["flock", "-n", lock, "true"]).status != 0 }
    let second = try policy("apply", file)
    #expect(second.status == 75)
    #expect(second.errorText.contains("lock"))
    #expect(try leaks == 3)
    _ = try holder.end()
    #expect(try policy("apply", file).status == 0)
    #expect(try leaks == 0)
  }

  @Test(arguments: [mode_t(0o602), 0o620])
  func rootRejectsFilesThatOthersMayChange(mode: mode_t) throws {
    _ = try namespace.closeWaits(3, to: listener)
    let file = try folder.write("leaks.yaml", Self.pileUp, mode: mode)
    let ended = try policy("apply", file)
    #expect(ended.status == 65)
    #expect(ended.errorText.contains("leaks.yaml"))
    #expect(ended.errorText.contains("is writable by others"))
    #expect(try leaks == 3)
  }

  @Test func rootRejectsDirectoriesThatOthersMayChange() throws {
    _ = try namespace.closeWaits(3, to: listener)
    let file = try folder.write("leaks.yaml", Self.pileUp)
    #expect(chmod(folder.path, 0o777) == 0)
    #expect(try policy("apply", file).status == 65)
    #expect(try leaks == 3)
  }
}
