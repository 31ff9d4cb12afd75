import PolicyEngine
import Testing

/// Problems of single values.
extension PolicyProblemTests {
  @Test func anUnknownNamespaceIsReported() {
    let message = "error: unknown network namespace \"bleu\""
    for (text, place) in [
      (file("match: {netns: bleu}", "action: report"), "4:20"),
      (file("match: {port: 1}", "action: report", "except: [{netns: bleu}]"), "6:22"),
      (file("match: {port: 1}", "action: report") + "protect: [{netns: bleu}]\n", "6:19"),
      (file("match: {filter: port 1 and netns = bleu}", "action: report"), "4:40"),
    ] {
      #expect(problems(in: text).contains("\(place): \(message)"), "\(problems(in: text))")
      #expect(problems(in: text).contains("did you mean \"blue\"?"))
    }
  }

  @Test(arguments: [["match: {idle: 0s}"], ["match: {port: 1}", "in-state: 0m"]])
  func aDurationOfZeroIsAnError(lines: [String]) {
    let text = problems(in: file("action: report", lines.joined(separator: "\n    ")))
    #expect(text.contains("a duration of 0 matches every connection; use 1ms or more"), "\(text)")
  }

  @Test func anInterfaceExcludesNetns() {
    let text = file("match: {interface: lo, netns: blue}", "action: report")
    #expect(
      problems(in: text).contains(
        "4:13: error: \"interface\" refers to connreap's own network namespace"))
  }

  @Test(arguments: PolicyAction.allCases)
  func acceptsEveryAction(action: PolicyAction) throws {
    let text = file("match: {port: 1}", "action: \(action.rawValue)", "limit: 5")
    #expect(problems(in: text) == "")
    #expect(try read(text).policies.map(\.action) == [action])
  }

  @Test(arguments: [
    "0", "1.0", "1e3", "0x10", "-1", "+1", "1_000", "no", "yes", "22:22", "' 5'",
    "99999999999999999999", "٣", "''",
  ])
  func numbersHaveOnlyDigits(number: String) {
    for key in ["threshold", "limit", "limit-percent", "seen", "give-up-after", "rate"] {
      let text = problems(in: file("match: {port: 1}", "action: report", "\(key): \(number)"))
      #expect(text.contains("is not a whole number of at least 1"), "\(number)")
    }
  }

  @Test(arguments: ["00", "08", "010", "0000000001"])
  func leadingZerosAreErrors(number: String) {
    let message = "error: \"\(number)\" starts with 0 and could be read as octal; write "
    for line in [
      "threshold", "limit", "limit-percent", "seen", "give-up-after", "rate", "keep",
    ] {
      let text = problems(in: file("match: {port: 1}", "action: report", "\(line): \(number)"))
      #expect(text.contains(message), "\(text)")
    }
    for key in ["port", "local-port", "peer-port", "pid", "user", "mark", "recv-queue", "netns"] {
      let text = problems(in: file("match: {\(key): \(number)}", "action: report"))
      #expect(text.contains(message), "\(text)")
      let filter = problems(in: file("match: {filter: \"\(key) \(number)\"}", "action: report"))
      #expect(filter.contains(message), "\(filter)")
    }
    for line in ["in-state: \(number)m", "in-state: \(number)s500ms"] {
      #expect(problems(in: file("match: {port: 1}", "action: report", line)).contains(message))
    }
    for value in ["80-\(number)", "\(number)-80", "80,\(number)"] {
      #expect(
        problems(in: file("match: {port: 1}", "except: [{port: '\(value)'}]", "action: report"))
          .contains(message))
    }
  }

  /// Templates and serializers write null for a missing value.
  @Test(arguments: ["null", "Null", "NULL", "~"])
  func nullIsAMissingValue(null: String) {
    let message = "error: \"process\" has no value: \(null) means none in YAML"
    let match = problems(in: file("match: {process: \(null)}", "action: report"))
    #expect(match.hasPrefix("leaks.yaml:4:22: \(message)"), "\(match)")
    for lines in [
      ["match: {process: [java, \(null)]}"], ["match: {port: 1}", "except: [{process: \(null)}]"],
    ] {
      let text =
        (["version: 1", "policies:", "  - name: leak"] + lines.map { "    " + $0 })
        .joined(separator: "\n") + "\n    action: report\n"
      #expect(problems(in: text).contains(message), "\(problems(in: text))")
    }
    let rest = file("match: {port: 1}", "action: report")
    #expect(problems(in: rest + "protect: [{process: \(null)}]\n").contains(message))
    for line in ["protect: \(null)", "protect: [\(null)]"] {
      #expect(problems(in: rest + line + "\n").contains(": error: "), "\(line)")
    }
    for line in ["match: \(null)", "except: \(null)", "except: [\(null)]", "except: [{}]"] {
      let text = problems(in: file("match: {port: 1}", line, "action: report"))
      #expect(text.contains(": error: "), "\(line)")
    }
    #expect(problems(in: file("match: {process: '\(null)'}", "action: report")) == "")
  }

  @Test(arguments: ["1.0", "-1", "no", "22:22"])
  func keepMayBeZero(number: String) throws {
    #expect(try read(file("match: {port: 1}", "action: report", "keep: 0")).policies[0].keep == 0)
    #expect(
      problems(in: file("match: {port: 1}", "action: report", "keep: \(number)"))
        .contains("is not a whole number of at least 0"))
  }

  @Test func percentagesEndAtOneHundred() throws {
    let text = file("match: {port: 1}", "action: report", "limit-percent: 101")
    #expect(
      problems(in: text) == """
        leaks.yaml:6:20: error: a percentage is from 1 to 100
            6 |     limit-percent: 101
              |                    ^~~
        """)
    let whole = file("match: {port: 1}", "action: report", "limit-percent: 100")
    #expect(try read(whole).policies[0].limitPercent == 100)
  }

  @Test(arguments: [
    ("page", "6:13", "\"notify\" takes a list, not a single value"),
    ("[]", "6:5", "\"notify\" is an empty list"), ("", "6:5", "\"notify\" has no value"),
    ("[page]", "6:14", "a program needs an absolute path"),
    ("[./page]", "6:14", "a program needs an absolute path"),
    ("[/usr/bin/]", "6:14", "a program needs an absolute path"),
    ("['']", "6:14", "a program needs an absolute path"),
    ("[/bin/page, [a]]", "6:25", "\"notify\" takes a single value, not a list"),
    ("[/bin/page, ]", nil, nil), ("[/bin/page, '; rm -rf /', \"a b\"]", nil, nil),
  ])
  func notifyTakesAPathAndArguments(
    value: String, place: String?, message: String?
  ) throws {
    let text = file("match: {port: 1}", "action: report", "notify: \(value)")
    guard let place, let message else {
      let notify = try #require(try read(text).policies[0].notify)
      #expect(notify.first == "/bin/page")
      return
    }
    #expect(problems(in: text).hasPrefix("leaks.yaml:\(place): error: \(message)"))
  }

  @Test(arguments: ["Java", "a_b", "-a", "a b", "é", "''", "a.b", "a\u{202e}b"])
  func namesHaveLowerCaseLettersDigitsAndHyphens(name: String) {
    let text =
      "version: 1\npolicies:\n  - name: \(name)\n    match: {port: 1}\n    action: report\n"
    #expect(problems(in: text).hasPrefix("leaks.yaml:3:11: error: a name has lower-case letters"))
  }

  @Test func anUnresolvedProtectionIsAnError() {
    let text =
      file("match: {port: 1}", "action: report") + """
        protect:
          - user: nobody-here
          - host: nowhere.example
          - {}
          - sshd
          - port: []
          - process: [sshd, ""]

        """
    #expect(
      problems(in: text) == """
        leaks.yaml:7:11: error: unknown user "nobody-here"
            7 |   - user: nobody-here
              |           ^~~~~~~~~~~
        leaks.yaml:8:11: error: cannot look up the host "nowhere.example": no such name
            8 |   - host: nowhere.example
              |           ^~~~~~~~~~~~~~~
        leaks.yaml:9:5: error: a protection is empty and would match every connection
            9 |   - {}
              |     ^
        leaks.yaml:10:5: error: a protection must be a map of keys and values, not a single value
           10 |   - sshd
              |     ^~~~
        leaks.yaml:11:5: error: "port" is an empty list
           11 |   - port: []
              |     ^~~~
        leaks.yaml:12:21: error: missing name
           12 |   - process: [sshd, ""]
              |                     ^~
        """)
  }

  @Test func marksTheFaultWithinAValue() {
    let text = file(
      #"match: {idle: "10m 5", state: 'established,  x', port: 80}"#, "action: report",
      #"threshold: "\x30""#)
    #expect(
      problems(in: text) == """
        leaks.yaml:4:22: error: unknown unit "m "; use ms, s, m (minutes), h or d
            4 |     match: {idle: "10m 5", state: 'established,  x', port: 80}
              |                      ^~
        leaks.yaml:4:50: error: unknown state "x"; the states are established, syn-sent, syn-recv, fin-wait-1, fin-wait-2, time-wait, closed, close-wait, last-ack, listen, closing, bound-inactive, all, connected, synchronized, bucket, big
            4 |     match: {idle: "10m 5", state: 'established,  x', port: 80}
              |                                                  ^
        leaks.yaml:6:16: error: "0" is not a whole number of at least 1, as in 100
            6 |     threshold: "\\x30"
              |                ^
        """)
  }
}
