import PolicyEngine
import Testing

/// Warnings do not keep a file from being used.
@Suite struct PolicyWarningTests {
  @Test func warnsOfDestroyWithoutALimit() throws {
    let text = file("match: {process: java}", "action: destroy")
    #expect(
      problems(in: text) == """
        leaks.yaml:5:13: warning: 'destroy' without threshold, in-state, idle, stalled or limit closes every match at once
            5 |     action: destroy
              |             ^~~~~~~
        """)
    #expect(try read(text).policies.count == 1)
  }

  @Test(arguments: [("shutdown", true), ("abort", true), ("keepalive", false)])
  func warnsOfEveryClosingActionWithoutALimit(action: String, isWarnedOf: Bool) {
    let warning = problems(in: file("match: {process: java}", "action: \(action)"))
    #expect(warning.contains("'\(action)' without threshold") == isWarnedOf)
  }

  @Test(arguments: ["threshold: 1", "limit: 5", "in-state: 1m", "limit-percent: 9", "seen: 2"])
  func aLimitBesidesTheMatchIsEnough(line: String) {
    #expect(problems(in: file("match: {process: java}", "action: destroy", line)) == "")
  }

  @Test(arguments: ["idle: 1h", "stalled: 1m", "in-state: 1m", "age: 1d"])
  func aTimeInTheMatchIsEnough(pair: String) {
    #expect(problems(in: file("match: {process: java, \(pair)}", "action: destroy")) == "")
  }

  @Test func aReportNeedsNoLimit() {
    #expect(problems(in: file("match: {process: java}", "action: report")) == "")
  }

  @Test(arguments: ["state: connected", "state: all", "filter: \"state all\"", "netns: all"])
  func warnsOfAMatchOfEverything(pair: String) {
    #expect(
      problems(in: file("match: {\(pair)}", "action: report"))
        .hasPrefix("leaks.yaml:4:5: warning: this matches every connection\n"))
    #expect(problems(in: file("match: {\(pair), port: 80}", "action: report")) == "")
  }

  @Test func warnsOfKeysWithoutEffect() {
    #expect(
      problems(in: file("match: {port: 1}", "action: report", "give-up-after: 3"))
        .hasPrefix("leaks.yaml:6:5: warning: a report closes nothing"))
    #expect(
      problems(in: file("match: {port: 1}", "action: destroy", "limit: 5", "notify: [/bin/page]"))
        .hasPrefix("leaks.yaml:7:5: warning: without \"give-up-after\", the program never runs"))
    for (action, line) in [("destroy", "give-up-after: 2"), ("report", "threshold: 2")] {
      let text = file(
        "match: {port: 1}", "action: \(action)", "limit: 5", line, "notify: [/bin/page]")
      #expect(problems(in: text) == "")
    }
  }

  @Test func warnsOfTimesThatNoStateHas() {
    let text = file(
      "match: {state: listen, idle: 1h, stalled: 1s}", "action: report", "in-state: 5m")
    #expect(
      problems(in: text) == """
        leaks.yaml:4:5: warning: no connection in these states has a time for "idle": this matches nothing
            4 |     match: {state: listen, idle: 1h, stalled: 1s}
              |     ^~~~~
        leaks.yaml:4:5: warning: no connection in these states has a time for "stalled": this matches nothing
            4 |     match: {state: listen, idle: 1h, stalled: 1s}
              |     ^~~~~
        """)
    #expect(
      problems(in: file("match: {state: [listen, established], idle: 1h}", "action: report"))
        == "")
    #expect(problems(in: file("match: {port: 80, in-state: 1h}", "action: report")) == "")
  }

  @Test(arguments: [
    ("'{{ critical }}'", "looks like an unexpanded template"),
    ("'${CRITICAL}'", "looks like an unexpanded template"),
    ("“billing”", "the curly quotes are part of the name"),
    ("billing|sshd", "does not separate names"), ("/usr/bin/billing", "is a path"),
  ])
  func warnsOfSuspiciousPatterns(name: String, message: String) throws {
    let match = file("match: {process: \(name)}", "action: report")
    #expect(problems(in: match).hasPrefix("leaks.yaml:4:22: warning: "))
    #expect(problems(in: match).contains(message))
    #expect(try read(match).policies.count == 1)
    let rest = file("match: {port: 1}", "action: report")
    let protect = problems(in: rest + "protect: [{process: [sshd, \(name)]}]\n")
    #expect(protect.hasPrefix("leaks.yaml:6:28: warning: ") && protect.contains(message))
    let except = file("match: {port: 1}", "except: [{process: \(name)}]", "action: report")
    #expect(problems(in: except).hasPrefix("leaks.yaml:5:24: warning: "))
    let quoted = "\"process = '" + name.filter { $0 != "'" } + "'\""
    let filter = problems(in: file("match: {filter: \(quoted)}", "action: report"))
    #expect(filter.hasPrefix("leaks.yaml:4:21: warning: ") && filter.contains(message))
  }

  @Test func warningsFollowErrors() {
    let text =
      file("match: {process: java}", "action: destroy") + """
          - name: b
            match: {port: x}
            action: report

        """
    let lines = problems(in: text).split(separator: "\n").filter { $0.hasPrefix("leaks") }
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("leaks.yaml:7:19: error: unknown service \"x\""))
    #expect(lines[1].hasPrefix("leaks.yaml:5:13: warning: 'destroy' without"))
  }
}
