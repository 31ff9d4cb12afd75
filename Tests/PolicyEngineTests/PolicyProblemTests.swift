import PolicyEngine
import Testing

/// The report about a bad file: all problems at once, each with its position.
@Suite struct PolicyProblemTests {
  @Test func reportsEveryProblemOfAFile() {
    let text = """
      version: 1
      protect:
        - process: sshd
          prot: 22
      policies:
        - name: java-leak
          descripton: typo
          match:
            state: close-wiat
            process: java
            idel: 10m
            age: 1d
            idle: 10
          in-state: 10
          treshold: 5
          seen: two
          group-by: unit
          action: destory
          limit: 08
        - name: java-leak
          match: {}
          action: shutdown
          threshold: [1, 2]
          limit: 0
          state: close-wait
        - match:
          - state: close-wait
          except: {peer: 10.0.0.0/33}
          group-by: pid
          limit: 1.0
          in-state: 5M
      """
    #expect(
      problems(in: text) == """
        leaks.yaml:4:5: error: unknown key "prot"; did you mean "port"?
            4 |     prot: 22
              |     ^~~~
        leaks.yaml:7:5: error: unknown key "descripton"; did you mean "description"?
            7 |     descripton: typo
              |     ^~~~~~~~~~
        leaks.yaml:9:14: error: unknown state "close-wiat"; did you mean "close-wait"?
            9 |       state: close-wiat
              |              ^~~~~~~~~~
        leaks.yaml:11:7: error: unknown key "idel"; did you mean "idle"?
           11 |       idel: 10m
              |       ^~~~
        leaks.yaml:13:13: error: a duration needs a unit: "10"; write 10s, 10m or 10h
           13 |       idle: 10
              |             ^~
        leaks.yaml:14:15: error: a duration needs a unit: "10"; write 10s, 10m or 10h
           14 |     in-state: 10
              |               ^~
        leaks.yaml:15:5: error: unknown key "treshold"; did you mean "threshold"?
           15 |     treshold: 5
              |     ^~~~~~~~
        leaks.yaml:16:11: error: "two" is not a whole number of at least 1, as in 100
           16 |     seen: two
              |           ^~~
        leaks.yaml:18:13: error: unknown action "destory"; did you mean "destroy"?
           18 |     action: destory
              |             ^~~~~~~
        leaks.yaml:19:12: error: "08" starts with 0 and could be read as octal; write 8
           19 |     limit: 08
              |            ^~
        leaks.yaml:20:11: error: the name "java-leak" is already used in line 6
           20 |   - name: java-leak
              |           ^~~~~~~~~
        leaks.yaml:21:12: error: "match" is empty and would match every connection
           21 |     match: {}
              |            ^
        leaks.yaml:23:16: error: "threshold" takes a single value, not a list
           23 |     threshold: [1, 2]
              |                ^
        leaks.yaml:24:12: error: "0" is not a whole number of at least 1, as in 100
           24 |     limit: 0
              |            ^
        leaks.yaml:25:5: error: unknown key "state"; it belongs in "match"
           25 |     state: close-wait
              |     ^~~~~
        leaks.yaml:26:5: error: the policy has no "name"
           26 |   - match:
              |     ^
        leaks.yaml:26:5: error: the policy has no "action"
           26 |   - match:
              |     ^
        leaks.yaml:27:5: error: "match" must be a map of keys and values, not a list
           27 |     - state: close-wait
              |     ^
        leaks.yaml:28:13: error: "except" takes a list, not a map: each is an exception
           28 |     except: {peer: 10.0.0.0/33}
              |             ^
        leaks.yaml:29:15: error: unknown group-by "pid"; did you mean "pod"?
           29 |     group-by: pid
              |               ^~~
        leaks.yaml:30:12: error: "1.0" is not a whole number of at least 1, as in 100
           30 |     limit: 1.0
              |            ^~~
        leaks.yaml:31:16: error: unknown unit "M"; use ms, s, m (minutes), h or d
           31 |     in-state: 5M
              |                ^
        """)
  }

  @Test func duplicateKeysHideNoOtherProblem() {
    let text = """
      version: 1
      version: 1
      policies:
        - name: a
          match: {state: close-wait, 'state': established}
          action: report
          "name": b
          name: c
          acton: x
      """
    #expect(
      problems(in: text) == """
        leaks.yaml:2:1: error: duplicate key "version"; first used in line 1
            2 | version: 1
              | ^~~~~~~
        leaks.yaml:5:32: error: duplicate key "state"; first used in line 5
            5 |     match: {state: close-wait, 'state': established}
              |                                ^~~~~~~
        leaks.yaml:7:5: error: duplicate key "name"; first used in line 4
            7 |     "name": b
              |     ^~~~~~
        leaks.yaml:8:5: error: duplicate key "name"; first used in line 4
            8 |     name: c
              |     ^~~~
        leaks.yaml:9:5: error: unknown key "acton"; did you mean "action"?
            9 |     acton: x
              |     ^~~~~
        """)
  }

  /// A duplicate key is always an error, even if it cannot be renamed.
  @Test(arguments: [
    "? [a]\n: c\n? [a]\n: d\n", "'*': 1\n'*': 2\n", "? \n: 1\n? \n: 2\n",
    "!!str a: 1\n!!str a: 2\n", (0..<40).map { "k\($0): 1\nk\($0): 2\n" }.joined(),
    "&x a: 1\na: 2\n", "\"\\x61\": 1\na: 2\n", "a: 1\n\"\\x61\": 2\n", "a: {b: 1, b: 2}\na: 3\n",
  ])
  func duplicateKeysAreErrorsInEveryForm(text: String) {
    let text = problems(in: text)
    #expect(
      text.contains("error: duplicate key") || text.contains("this key is in its map more than"))
  }

  @Test(arguments: [
    ("", "leaks.yaml:1:1: error: the file is empty"),
    ("# only\n", "leaks.yaml:1:1: error: the file is empty"),
    ("---\n", "leaks.yaml:1:1: error: the file is empty"),
    ("- a\n", "leaks.yaml:1:1: error: a policy file is a map of"),
    ("version\n", "leaks.yaml:1:1: error: a policy file is a map of"),
    ("policies: []\n", "leaks.yaml:1:1: error: the file has no \"version\""),
    ("version:\n", "leaks.yaml:1:1: error: \"version\" has no value"),
    ("version: 1\npolicies: []\n", "leaks.yaml:2:1: error: \"policies\" is an empty list"),
    (
      "version: 1\npolicies: x\n", "leaks.yaml:2:11: error: \"policies\" takes a list, not a single"
    ),
    ("version: 1\npolicies:\n", "leaks.yaml:2:1: error: \"policies\" has no value"),
    ("version: 1\npolicies: [a]\n", "leaks.yaml:2:12: error: a policy must be a map of keys"),
    ("version: 1\npolicies: [{}]\n", "leaks.yaml:2:12: error: the policy has no \"name\""),
    ("version: 1\n---\nversion: 1\n", "leaks.yaml:2:1: error: a policy file is one YAML document"),
    ("version: 1\nname: x\n", "leaks.yaml:1:1: error: the file has no"),
    ("version: \"1\n", "leaks.yaml:1:10: error: not valid YAML: found unexpected end of stream"),
    ("a:\n\t- b\n", "leaks.yaml:2:1: error: not valid YAML: found character that cannot start"),
    ("a:\n - b\nc\n", "leaks.yaml:3:1: error: not valid YAML: could not find expected ':'"),
    ("a:\n - b\nc", "leaks.yaml:3:1: error: not valid YAML: could not find expected ':'"),
    ("a: [b", "leaks.yaml:1:4: error: not valid YAML: did not find expected ',' or ']'"),
    ("a: b: c\n", "leaks.yaml:1:5: error: not valid YAML: mapping values are not allowed"),
    ("? [a]\n: b\n", "leaks.yaml:1:1: error: the file has no \"version\""),
  ])
  func rejectsFilesThatAreNotPolicyFiles(text: String, expected: String) {
    let text = problems(in: text)
    #expect(text.hasPrefix(expected), "\(text)")
  }

  @Test(arguments: ["2", "1.0", "01", "0x1", "one", "'1 '"])
  func versionMustBeOne(version: String) {
    let text = problems(in: "version: \(version)\npolicies: x\n")
    #expect(text.hasPrefix("leaks.yaml:1:10: error: unsupported version"))
  }

  @Test func rejectsUnsupportedYAMLFeatures() {
    let text = """
      version: 1
      policies:
        - &p
          name: a
        - name: b
          match: !!map {port: 1}
          action: !!str report
          <<: {a: b}
          description: !x y
          threshold: &n 5
          limit: *n
        - *p
      """
    #expect(
      problems(in: text) == """
        leaks.yaml:3:5: error: an anchor is not allowed in a policy; quote a text that starts with "&"
            3 |   - &p
              |     ^
        leaks.yaml:6:12: error: a tag is not allowed in a policy; quote a text that starts with "!"
            6 |     match: !!map {port: 1}
              |            ^
        leaks.yaml:7:13: error: a tag is not allowed in a policy; quote a text that starts with "!"
            7 |     action: !!str report
              |             ^
        leaks.yaml:8:5: error: a merge key is not allowed in a policy
            8 |     <<: {a: b}
              |     ^~
        leaks.yaml:9:18: error: a tag is not allowed in a policy; quote a text that starts with "!"
            9 |     description: !x y
              |                  ^
        leaks.yaml:10:16: error: an anchor is not allowed in a policy; quote a text that starts with "&"
           10 |     threshold: &n 5
              |                ^
        leaks.yaml:11:12: error: an alias is not allowed in a policy; quote a text that starts with "*"
           11 |     limit: *n
              |            ^
        leaks.yaml:12:5: error: an alias is not allowed in a policy; quote a text that starts with "*"
           12 |   - *p
              |     ^
        """)
    #expect(
      problems(in: file("match: {process: *java}", "action: report")) == """
        leaks.yaml:4:22: error: an alias is not allowed in a policy; quote a text that starts with "*"
            4 |     match: {process: *java}
              |                      ^
        """)
  }

  /// Ten lines that expand to a billion values.
  @Test(.timeLimit(.minutes(1))) func rejectsMultiplyingAliasesQuickly() {
    var text = "version: 1\na0: &a0 [x, x]\n"
    for level in 1...30 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    let shown = problems(in: text + "? *a30\n: x\n*a29 : y\n")
    #expect(shown.contains("2:5: error: an anchor is not allowed in a policy"))
    #expect(shown.contains("33:3: error: an alias is not allowed in a policy"))
    #expect(shown.contains("35:1: error: an alias is not allowed in a policy"))
  }

  @Test func nestingIsLimited() {
    #expect(
      problems(in: file("match: {state: [[[a]]]}", "action: report"))
        .contains("error: nested too deeply for a policy"))
    for depth in [900, 5000, 200_000] {
      let text = problems(in: String(repeating: "[\n", count: depth))
      #expect(text.contains(": error: "))
    }
    let closed = String(repeating: "[\n", count: 900) + String(repeating: "]\n", count: 900)
    #expect(problems(in: closed).contains("nested too deeply"))
    #expect(
      problems(in: String(repeating: "[\n", count: 5000)).contains("nested too deeply"),
      "libyaml's own limit is worded as ours")
  }

  @Test func missingValuesAreReportedAtTheKey() {
    let text = file(
      "match:", "except:", "threshold:", "action:", "limit: ~", "description:", "group-by: ''")
    #expect(
      problems(in: text) == """
        leaks.yaml:4:5: error: "match" has no value
            4 |     match:
              |     ^~~~~
        leaks.yaml:5:5: error: "except" has no value
            5 |     except:
              |     ^~~~~~
        leaks.yaml:6:5: error: "threshold" has no value
            6 |     threshold:
              |     ^~~~~~~~~
        leaks.yaml:7:5: error: "action" has no value
            7 |     action:
              |     ^~~~~~
        leaks.yaml:8:12: error: "limit" has no value: ~ means none in YAML; quote it if it is a name
            8 |     limit: ~
              |            ^
        leaks.yaml:9:5: error: "description" has no value
            9 |     description:
              |     ^~~~~~~~~~~
        leaks.yaml:10:15: error: unknown group-by ""; it is one of process, program, unit, container, pod, user, peer, listener, none
           10 |     group-by: ''
              |               ^~
        """)
  }
}
