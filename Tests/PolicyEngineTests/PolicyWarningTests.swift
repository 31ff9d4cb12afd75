import PolicyEngine
import Testing

/// Warnings do not keep a file from being used.
@Suite struct PolicyWarningTests {
  @Test func destroyWithoutABrakeClosesEverythingAtOnce() throws {
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
  func soDoesEveryActionThatCloses(action: String, isWarnedOf: Bool) {
    let warning = problems(in: file("match: {process: java}", "action: \(action)"))
    #expect(warning.contains("'\(action)' without threshold") == isWarnedOf)
  }

  @Test(arguments: ["threshold: 1", "limit: 5", "in-state: 1m"])
  func anyBrakeBesideTheMatchWillDo(line: String) {
    #expect(problems(in: file("match: {process: java}", "action: destroy", line)) == "")
  }

  @Test(arguments: ["idle: 1h", "stalled: 1m", "in-state: 1m"])
  func anyBrakeInTheMatchWillDo(pair: String) {
    #expect(problems(in: file("match: {process: java, \(pair)}", "action: destroy")) == "")
  }

  @Test func aReportNeedsNoBrake() {
    #expect(problems(in: file("match: {process: java}", "action: report")) == "")
  }

  @Test func timesThatNoStateHasMatchNothing() {
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
        leaks.yaml:6:5: warning: the time in a state is known for close-wait only: "in-state" leaves nothing here
            6 |     in-state: 5m
              |     ^~~~~~~~
        """)
    #expect(
      problems(in: file("match: {state: [listen, established], idle: 1h}", "action: report"))
        == "")
    #expect(problems(in: file("match: {port: 80, in-state: 1h}", "action: report")) == "")
  }

  @Test func comeAfterTheErrors() {
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
