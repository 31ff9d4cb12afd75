import FoundationEssentials
import Glibc
import Testing

/// Policies that name network namespaces, on the real kernel.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct PolicyNamespaceTests {
  let blue: NetworkNamespace
  let green: NetworkNamespace
  let folder: TemporaryDirectory

  init() throws {
    (blue, green) = (try NetworkNamespace(), try NetworkNamespace())
    folder = try TemporaryDirectory()
    #expect(chmod(blue.state.path, 0o700) == 0)
  }

  /// Three leaks in `blue` and two in `green`, with the same program names and addresses.
  private func leak() throws {
    for (namespace, count) in [(blue, 3), (green, 2)] {
      try namespace.server.rename("leaky")
      _ = try namespace.closeWaits(count, to: namespace.server.listen("pool", port: 8080))
    }
  }

  private func leaks(in namespace: NetworkNamespace) throws -> Int {
    try namespace.rows("--state", "close-wait").count
  }

  private func write(_ match: String, _ lines: String..., adding: String = "") throws -> String {
    let policy = ["name: leak", "match: \(match)"] + lines
    return try folder.write(
      "leak.yaml",
      "version: 1\npolicies:\n  - " + policy.joined(separator: "\n    ") + "\n" + adding)
  }

  /// Runs connreap outside both namespaces, in a mount namespace where both have names.
  private func connreap(
    _ arguments: [String], behind prefix: [String] = []
  ) throws -> CommandResult {
    let script = """
      mount -t tmpfs tmpfs /run && ip netns attach blue \(blue.server.pid) &&
      ip netns attach green \(green.server.pid) && "$@"
      """
    return try Command.run(
      ["unshare", "--mount", "--net", "bash", "-c", script, "bash"] + prefix
        + [Tools.connreap] + arguments, seconds: 60)
  }

  private func policy(
    _ verb: String, _ arguments: String..., behind prefix: [String] = []
  ) throws -> CommandResult {
    try connreap(
      ["policy", verb, "--state-dir", blue.state.path] + arguments, behind: prefix)
  }

  @Test func aPolicyAppliesToTheNamespaceItNames() throws {
    try leak()
    let file = try write(
      "{state: close-wait, netns: blue}", "group-by: process", "threshold: 2", "action: destroy")
    let plan = try policy("plan", file)
    #expect(plan.status == 0)
    #expect(plan.text.contains("leaky[\(blue.server.pid)] in blue"))
    #expect(!plan.text.contains("green"))
    #expect(plan.errorText.isEmpty)
    let applied = try policy("apply", file)
    #expect(applied.status == 0)
    #expect(applied.text.contains("closed 3"))
    #expect(try leaks(in: blue) == 0)
    #expect(try leaks(in: green) == 2)
  }

  @Test func aPidNamesItsNamespaceAndTheDefaultIsCurrent() throws {
    try leak()
    let other = try write("{state: close-wait, netns: \(green.server.pid)}", "action: destroy")
    #expect(try policy("apply", other).text.contains("closed 2"))
    #expect(try leaks(in: blue) == 3)
    let current = try write("{state: close-wait}", "action: destroy")
    #expect(try policy("apply", current).text.contains("no match"))
    #expect(try leaks(in: blue) == 3)
    #expect(
      try blue.connreap("policy", "apply", "--state-dir", blue.state.path, current).status == 0)
    #expect(try leaks(in: blue) == 0)
  }

  @Test func eachPolicyCountsItsNamespacesSeparately() throws {
    try leak()
    let file = try write(
      "{state: close-wait, netns: [blue, green]}", "threshold: 3", "action: destroy",
      adding: """
          - name: none-here
            match: {state: close-wait}
            action: destroy
            limit: 1

        """)
    let plan = try policy("plan", "-o", "json", file)
    #expect(plan.status == 0)
    let applied = try policy("apply", file)
    #expect(applied.text.contains("all in blue"))
    #expect(applied.text.contains("all in green"))
    #expect(try leaks(in: blue) == 0)
    #expect(try leaks(in: green) == 2, "two are below the threshold, whatever is elsewhere")
  }

  @Test func filtersExceptionsAndProtectionsCanNameNamespaces() throws {
    try leak()
    let excepted = try write(
      "{state: close-wait, netns: all}", "except: [{netns: blue}]", "action: report")
    let plan = try policy("plan", excepted)
    #expect(plan.text.contains("2 of 2 will be reported"))
    #expect(plan.text.contains("3 left open: excepted"))
    let protected = try write(
      "{filter: close-wait and (netns = blue or netns = green)}", "action: destroy",
      adding: "protect: [{netns: green}]\n")
    let applied = try policy("apply", protected)
    #expect(applied.status == 0)
    #expect(applied.text.contains("2 spared: protected by netns: green"))
    #expect(try leaks(in: blue) == 0)
    #expect(try leaks(in: green) == 2)
  }

  @Test func countsRunsPerNamespace() throws {
    try leak()
    func file(_ names: String) throws -> String {
      try write(
        "{state: close-wait, netns: [\(names)]}", "seen: 2", "action: destroy")
    }
    #expect(try policy("apply", file("blue")).text.contains("seen in 1 of 2"))
    // Another selection starts again; the same one continues.
    #expect(try policy("apply", file("blue, green")).text.contains("5 left open: seen in 1 of 2"))
    #expect(try policy("apply", file("blue, green")).text.contains("closed 5"))
    #expect(try leaks(in: blue) + leaks(in: green) == 0)
  }

  @Test func reportsNamespacesThatCannotBeEnteredAndContinues() throws {
    try leak()
    let byPid = try write(
      "{state: close-wait, netns: [\(blue.server.pid), \(green.server.pid)]}", "action: destroy")
    let partly = try blue.connreap(
      ["policy", "apply", "--quiet", "--state-dir", blue.state.path, byPid],
      behind: NamespaceTests.withoutSysAdmin)
    #expect(partly.status == 77)
    #expect(partly.errorText.contains("left out network namespace"))
    #expect(partly.errorText.contains("CAP_SYS_ADMIN"))
    #expect(partly.text.contains("closed 3"))
    #expect(try leaks(in: green) == 2)
  }

  /// A run that could not examine a namespace did not see anything end.
  @Test func keepsTheMemoryOfUnexaminedNamespaces() throws {
    try leak()
    let file = try write(
      "{state: close-wait, netns: [\(blue.server.pid), \(green.server.pid)]}", "seen: 2",
      "action: destroy")
    func apply(behind prefix: [String]) throws -> CommandResult {
      try blue.connreap(
        ["policy", "apply", "--state-dir", blue.state.path, file], behind: prefix)
    }
    #expect(try apply(behind: []).text.contains("5 left open: seen in 1 of 2"))
    #expect(try apply(behind: NamespaceTests.withoutSysAdmin).text.contains("closed 3"))
    for _ in 0..<2 {
      #expect(try apply(behind: NamespaceTests.withoutSysAdmin).text.contains("no match"))
    }
    #expect(try apply(behind: []).text.contains("closed 2"), "the second run that saw them")
    #expect(try leaks(in: green) == 0)
  }

  @Test func notificationsNameTheNamespace() throws {
    try leak()
    let told = "\(folder.path)/told"
    let page = try folder.write("page", "#!/bin/sh\ncat >> \(told)\n", mode: 0o700)
    let file = try write(
      "{state: close-wait, netns: [blue, green]}", "action: report", "notify: [\(page)]")
    #expect(try policy("apply", "--quiet", file).status == 0)
    struct Message: Decodable {
      struct Group: Decodable { let netns: UInt32 }
      let groups: [Group]
    }
    let text = try #require(readText(told))
    let message = try JSONDecoder().decode(Message.self, from: Data(text.utf8))
    let rows = try blue.rows("--state", "close-wait") + green.rows("--state", "close-wait")
    let numbers = Set(rows.compactMap(\.netns))
    #expect(numbers.count == 2)
    #expect(message.groups.map(\.netns).sorted() == numbers.sorted())
  }

  private func readText(_ path: String) -> String? {
    try? String(contentsOfFile: path, encoding: .utf8)
  }

  @Test func failsIfNoNamespaceCanBeEntered() throws {
    try leak()
    let file = try write("{state: close-wait, netns: green}", "action: destroy")
    let ended = try policy("apply", file, behind: NamespaceTests.withoutSysAdmin)
    #expect(ended.status == 77)
    #expect(ended.errorText.contains("CAP_SYS_ADMIN"))
    #expect(try leaks(in: green) == 2)
  }

  @Test func anUnidentifiedProtectedNamespaceProtectsAll() throws {
    try leak()
    let file = try write(
      "{state: close-wait, netns: blue}", "action: destroy",
      adding: "protect: [{netns: stale}]\n")
    let script = """
      mount -t tmpfs tmpfs /run && ip netns attach blue \(blue.server.pid) &&
      : > /run/netns/stale && "$@"
      """
    let ended = try Command.run(
      [
        "unshare", "--mount", "--net", "bash", "-c", script, "bash", Tools.connreap, "policy",
        "apply", "--state-dir", blue.state.path, file,
      ], seconds: 60)
    #expect(ended.status == 0)
    #expect(ended.text.contains("3 spared: protected: possibly netns: stale"))
    #expect(ended.errorText.contains("cannot tell which one stale is: Invalid argument"))
    #expect(try leaks(in: blue) == 3)
  }

  @Test func anUnknownNamespaceIsABadPolicy() throws {
    let file = try write("{state: close-wait, netns: bleu}", "action: report")
    for verb in ["check", "plan", "apply"] {
      let arguments = verb == "check" ? [file] : ["--state-dir", blue.state.path, file]
      let ended = try connreap(["policy", verb] + arguments)
      #expect(ended.status == 65)
      #expect(ended.errorText.contains("leak.yaml:4:"))
      #expect(ended.errorText.contains("did you mean \"blue\"?"))
    }
    let gone = try write("{state: close-wait, netns: 2147483647}", "action: report")
    let ended = try policy("apply", gone)
    #expect(ended.status == 65)
    #expect(ended.errorText.contains("there is no process 2147483647"))
  }

  @Test func otherNamespacesAreUnknownInARecording() throws {
    try leak()
    let recording = "\(folder.path)/recording"
    #expect(try blue.connreap("list", "--record", recording).status == 0)
    let file = try write("{state: close-wait, netns: blue}", "action: destroy")
    let ended = try Command.run([
      Tools.connreap, "policy", "plan", "--replay", recording, file,
    ])
    #expect(ended.status == 0)
    #expect(ended.text.contains("undecided"))
    #expect(ended.text.contains("close 0"))
    let all = try write("{state: close-wait, netns: all}", "action: destroy")
    let every = try Command.run([Tools.connreap, "policy", "plan", "--replay", recording, all])
    #expect(every.text.contains("0 of 3 will be closed (3 spared)"))
  }

  @Test func commandLineFiltersCanNameNamespaces() throws {
    try leak()
    func count(_ filter: String) throws -> Int {
      try Listing(connreap(["list", "-o", "json", filter])).connections.count
    }
    #expect(try count("close-wait and netns = blue") == 3)
    #expect(try count("close-wait and netns = blue,green") == 5)
    #expect(try count("close-wait and netns = all and netns != blue") >= 2)
    #expect(try count("close-wait and netns != blue") == 0, "only the current one")
    let killed = try connreap([
      "kill", "--yes", "--state-dir", blue.state.path, "close-wait and netns = green",
    ])
    #expect(killed.text.contains("closed 2"))
    #expect(try leaks(in: green) == 0)
    #expect(try leaks(in: blue) == 3)
    let refused = try connreap(["kill", "--yes", "--state-dir", blue.state.path, "netns = blue"])
    #expect(refused.status == 64)
    #expect(refused.errorText.contains("every connection"))
  }
}
