import Testing

/// `policy check` reports on files and touches nothing.
@Suite struct PolicyCheckTests {
  let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func check(_ text: String) throws -> CommandResult {
    let file = try folder.write("leaks.yaml", text)
    return try Command.run([Tools.connreap, "policy", "check", file])
  }

  @Test func acceptsAGoodFile() throws {
    let ended = try check(PolicyTests.pileUp)
    #expect(ended.status == 0)
    #expect(ended.errorText.isEmpty)
  }

  @Test func showsEveryErrorWithItsPosition() throws {
    let ended = try check(
      """
      version: 1
      policies:
        - name: two-mistakes
          match:
            state: close-wait
            olderthan: 10m
          in-state: 10
          action: destroy

      """)
    #expect(ended.status == 65)
    let said = ended.text + ended.errorText
    #expect(said.contains("leaks.yaml:6:7: error: unknown key \"olderthan\""))
    #expect(said.contains("leaks.yaml:7:15: error: a duration needs a unit: \"10\""))
    #expect(said.contains("^"))
  }

  @Test(arguments: [
    "",
    "version: 2\npolicies: []\n",
    PolicyTests.pileUp.replacing("      state: close-wait\n", with: ""),
    PolicyTests.pileUp + PolicyTests.pileUp,
    PolicyTests.pileUp.replacing("close-wait", with: "closewait?"),
    PolicyTests.pileUp.replacing("action: destroy", with: "action: delete"),
    PolicyTests.pileUp.replacing(
      "policies:", with: "protect:\n  - user: no-such-user\npolicies:"),
  ])
  func rejectsImpossibleValues(text: String) throws {
    let ended = try check(text)
    #expect(ended.status == 65)
    #expect((ended.text + ended.errorText).contains("leaks.yaml"))
  }

  @Test(arguments: [
    ("\"{{ critical }}\"", "an unexpanded template"),
    ("\"${CRITICAL}\"", "an unexpanded template"),
    ("“billing”", "curly quotes"), ("billing|sshd", "does not separate names"),
    ("/usr/bin/billing", "is a path"),
  ])
  func warnsOfAProtectionThatCannotMatch(name: String, reason: String) throws {
    let ended = try check(
      PolicyTests.pileUp.replacing("policies:", with: "protect:\n  - process: \(name)\npolicies:"))
    #expect(ended.status == 0)
    #expect(ended.errorText.contains("leaks.yaml:3:14: warning: "), "\(ended.errorText)")
    #expect(ended.errorText.contains(reason), "\(ended.errorText)")
  }

  @Test(arguments: ["null", "~", ""])
  func rejectsAnEmptyProtection(name: String) throws {
    let ended = try check(
      PolicyTests.pileUp.replacing("policies:", with: "protect:\n  - process: \(name)\npolicies:"))
    #expect(ended.status == 65)
    #expect(ended.errorText.contains("\"process\" has no value"), "\(ended.errorText)")
  }

  @Test(arguments: [
    ["list", "--port", "010"], ["list", "--limit", "010"], ["list", "--idle", "010m"],
    ["kill", "--max", "010", "--state", "close-wait"], ["kill", "--pid", "010"],
    ["kill", "--rate", "010", "--state", "close-wait"], ["list", "--filter", "dport = :010"],
    ["stats", "--by", "peer", "--limit", "010"], ["list", "--user", "010"],
  ])
  func leadingZerosAreBadUsage(arguments: [String]) throws {
    let ended = try Command.run([Tools.connreap] + arguments)
    #expect(ended.status == 64)
    #expect(ended.errorText.contains("\"010\" starts with 0"), "\(ended.errorText)")
    #expect(ended.output.isEmpty)
  }

  @Test func warnsOnTheCommandLine() throws {
    let ended = try Command.run([
      Tools.connreap, "list", "--process", "billing|sshd,/usr/bin/billing", "--no-header",
    ])
    #expect(ended.status == 0)
    #expect(
      ended.errorText.contains("connreap: warning: --process: a \"|\" does not separate names"))
    #expect(ended.errorText.contains("is a path"), "\(ended.errorText)")
    #expect(ended.output.isEmpty)
  }

  @Test func aMissingFileIsAnError() throws {
    let ended = try Command.run([Tools.connreap, "policy", "check", "\(folder.path)/none.yaml"])
    #expect(ended.status != 0)
    #expect(ended.errorText.contains("none.yaml"))
  }

  @Test func findsOneBadFileAmongGoodOnes() throws {
    let good = try folder.write("good.yaml", PolicyTests.pileUp)
    let bad = try folder.write("bad.yaml", "version: 1\nnonsense: true\n")
    let ended = try Command.run([Tools.connreap, "policy", "check", good, bad])
    #expect(ended.status == 65)
    #expect(!(ended.text + ended.errorText).contains("good.yaml:"))
  }
}
