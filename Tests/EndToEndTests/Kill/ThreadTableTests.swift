import FoundationEssentials
import Testing

/// Sockets held only in the separate descriptor tables of threads: `unshare(CLONE_FILES)`.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct ThreadTableTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  @Test(arguments: [1, 3])
  func aProtectedThreadProtectsSocketsItShares(threads: Int) throws {
    let pair = try namespace.pair(port: 8080)
    let pid = try namespace.server.fork(
      sharing: [pair.server], named: "sshd", threads: threads)
    let ended = try namespace.kill("--local-port", "8080", "-o", "json")
    let row = try #require(try PlanReport(ended).connections.first)
    #expect(row.result == "spared")
    #expect(row.reason?.hasPrefix("held by sshd[\(pid ?? 0)]") == true, "\(row.reason ?? "")")
    #expect(Set(row.owners?.map(\.pid) ?? []) == [pair.server.pid, pid])
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func policiesAndFiltersSeeThreadOwners() throws {
    let pair = try namespace.pair(port: 8080)
    _ = try namespace.server.fork(
      sharing: [pair.server], named: "precious", threads: 2, areTogether: true)
    let file = try namespace.state.write(
      "precious.yaml",
      """
      version: 1
      protect:
        - process: precious
      policies:
        - name: all
          match: {local-port: 8080}
          action: destroy
      """)
    let plan = try namespace.connreap("policy", "plan", "--state-dir", namespace.state.path, file)
    #expect(plan.status == 0)
    #expect(plan.text.contains("close 0,"), "\(plan.text)")
    let precious = ["--local-port", "8080", "--process", "precious"]
    #expect(try namespace.rows(precious).map(\.cookie) == [pair.server.cookie])
    let others = ["--local-port", "8080", "--filter", "not process = precious"]
    #expect(try namespace.rows(others).isEmpty)
  }

  @Test func aSocketHeldOnlyByAThreadHasAnOwner() throws {
    let pair = try namespace.pair(port: 8080)
    let pid = try namespace.server.fork(sharing: [pair.server], named: "alone", threads: 1)
    try pair.server.close()
    let row = try #require(try namespace.row(of: pair.server))
    #expect(row.owners?.map(\.pid) == [pid].compactMap { $0 } && row.note == nil)
  }

  /// The number of system calls that `list --pid` makes.
  private func systemCalls(for pid: Int32?) throws -> Int {
    let pid = try #require(pid)
    let trace = "\(namespace.state.path)/trace"
    let ended = try namespace.connreap(
      ["list", "--pid", "\(pid)"], behind: ["strace", "-f", "-c", "-o", trace, "--"], seconds: 120)
    #expect(ended.status == 0 && ended.lines.count > 1, "\(ended.text)\(ended.errorText)")
    let table = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
    // Columns: % time, seconds, usecs/call, calls, errors (may be empty), syscall.
    return table.reduce(0) { sum, line in
      let words = line.split(separator: " ")
      guard words.count >= 5, words.last != "total", let calls = Int(words[3]) else { return sum }
      return sum + calls
    }
  }

  @Test(.needsTracing) func theCostGrowsLinearlyWithTheNumberOfTables() throws {
    let pair = try namespace.pair(port: 8080)
    func cost(of threads: Int) throws -> Int {
      let pid = try namespace.server.fork(
        sharing: [pair.server], named: "threads", threads: threads, descriptors: 20)
      return try systemCalls(for: pid)
    }
    let (base, doubled) = try (cost(of: 200), cost(of: 400))
    #expect(doubled < base * 5 / 2, "\(base) calls, then \(doubled)")
  }

  @Test(.needsTracing) func aTableSharedByManyThreadsIsReadOnce() throws {
    let pair = try namespace.pair(port: 8080)
    let pid = try namespace.server.fork(
      sharing: [pair.server], named: "together", threads: 300, areTogether: true, descriptors: 300)
    #expect(try systemCalls(for: pid) < 10_000, "reading it for each thread takes 90,000")
  }
}
