import Testing

/// The schema of policy files, checked with an independent validator.
@Suite(
  .enabled(
    if: Tools.has(Tools.python, "-c", "import jsonschema, yaml"),
    "needs python3-jsonschema and python3-yaml"))
struct PolicySchemaTests {
  let folder: TemporaryDirectory
  let schema: String

  init() throws {
    folder = try TemporaryDirectory()
    let printed = try Command.run([Tools.connreap, "policy", "schema"])
    #expect(printed.status == 0 && printed.errors.isEmpty)
    schema = try folder.write("schema.json", printed.text)
  }

  private func validate(_ files: [String]) throws -> [Substring] {
    let ended = try Command.run([Tools.python, Tools.fixture("validate.py"), schema] + files)
    #expect(ended.status == 0, "\(ended.errorText)")
    return ended.lines
  }

  /// The results of `policy check` and of the validator.
  private func judgements(of text: String) throws -> (check: Int32, schema: Substring) {
    let file = try folder.write("sample.yaml", text)
    let check = try Command.run([Tools.connreap, "policy", "check", file])
    return (check.status, try #require(validate([file]).first))
  }

  @Test func shippedPoliciesAreValid() throws {
    let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    let files = try Command.run(["sh", "-c", "ls '\(root)'/Policies/*.yaml"]).lines.map(String.init)
    #expect(files.count == 8)
    #expect(try validate(files) == files.map { _ in "fine" })
  }

  static let policy = """
    version: 1
    protect:
      - process: sshd
      - port: [22, "8000-8100"]
    policies:
      - name: leak
        description: a leak
        match:
          state: [close-wait, ESTAB]
          process: java
          filter: "idle > 1h"
          recv-queue: 4k
          family: ipv4
          user: 0
        except:
          - peer: 10.0.0.0/8
        in-state: 1h30m
        group-by: process
        threshold: 3
        keep: 0
        action: destroy
        limit: 5
        limit-percent: 50
        rate: 10
        seen: 2
        give-up-after: 3
        notify: [/usr/local/bin/page, --urgent]

    """

  @Test func everyKeyIsValid() throws {
    let judged = try judgements(of: Self.policy)
    #expect(judged.check == 0 && judged.schema == "fine")
  }

  @Test(arguments: [
    ("version: 1", "version: 2", "version"), ("version: 1", "version: 1.5", "version"),
    ("version: 1\n", "", ""), ("version: 1", "version: 1\nname: x", ""),
    ("in-state: 1h30m", "in-state: 0s", "policies/0/in-state"),
    ("in-state: 1h30m", "in-state: 0h00m", "policies/0/in-state"),
    ("process: java", "idle: 0ms", "policies/0/match/idle"),
    ("name: leak", "name: Leak", "policies/0/name"), ("name: leak", "name: -a", "policies/0/name"),
    ("    description: a leak\n", "    descripton: a leak\n", "policies/0"),
    ("    action: destroy\n", "", "policies/0"),
    ("action: destroy", "action: kill", "policies/0/action"),
    ("group-by: process", "group-by: pid", "policies/0/group-by"),
    ("in-state: 1h30m", "in-state: 10", "policies/0/in-state"),
    ("in-state: 1h30m", "in-state: 5M", "policies/0/in-state"),
    ("in-state: 1h30m", "in-state: 30m1h", "policies/0/in-state"),
    ("in-state: 1h30m", "in-state: 010m", "policies/0/in-state"),
    ("process: java", "process: null", "policies/0/match/process"),
    ("process: java", "process: [java, ~]", "policies/0/match/process"),
    ("process: sshd", "process: null", "protect/0/process"),
    ("      - peer: 10.0.0.0/8", "      - peer: null", "policies/0/except/0/peer"),
    ("      - peer: 10.0.0.0/8", "      - null", "policies/0/except/0"),
    ("group-by: process", "group-by: null", "policies/0/group-by"),
    ("threshold: 3", "threshold: 0", "policies/0/threshold"),
    ("threshold: 3", "threshold: 1.5", "policies/0/threshold"),
    ("threshold: 3", "threshold: no", "policies/0/threshold"),
    ("limit: 5", "limit: [5]", "policies/0/limit"), ("keep: 0", "keep: -1", "policies/0/keep"),
    ("limit-percent: 50", "limit-percent: 101", "policies/0/limit-percent"),
    ("seen: 2", "seen: two", "policies/0/seen"),
    ("notify: [/usr/local/bin/page", "notify: [page", "policies/0/notify/0"),
    ("notify: [/usr/local/bin/page, --urgent]", "notify: []", "policies/0/notify"),
    ("notify: [/usr/local/bin/page, --urgent]", "notify: /bin/page", "policies/0/notify"),
    ("process: java", "proces: java", "policies/0/match"),
    ("process: java", "idle: 10", "policies/0/match/idle"),
    ("process: java", "port: 70000", "policies/0/match/port"),
    ("family: ipv4", "family: ipx", "policies/0/match/family"),
    ("      - peer: 10.0.0.0/8", "      - {}", "policies/0/except/0"),
    ("  - process: sshd\n", "  - sshd\n", "protect/0"),
  ])
  func schemaAndCheckRejectTheSameFaults(part: String, wrong: String, place: String) throws {
    #expect(Self.policy.contains(part))
    let judged = try judgements(of: Self.policy.replacing(part, with: wrong, maxReplacements: 1))
    #expect(judged.check == 65)
    #expect(judged.schema == "fault at \(place)")
  }
}

/// Malicious files.
@Suite struct PolicyTrapTests {
  /// The limit of a debug build. A release build needs a fifth of it.
  private static let seconds = 3.0
  private static let megabytes = 64

  private static let size = 1 << 18

  /// The malicious files, by name.
  static let traps: [(name: String, text: String)] = [
    (
      "aliases of aliases",
      "a0: &a0 [x, x]\n"
        + (1...30).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
    ),
    ("nested flow", String(repeating: "[\n", count: size / 2)),
    ("nested on one line", String(repeating: "[", count: 4000)),
    ("nested blocks", (0..<700).map { String(repeating: " ", count: $0) + "a:\n" }.joined()),
    ("many keys", lines { "k\($0): 1\n" }), ("keys twice", lines { "k\($0 / 2): 1\n" }),
    ("one key over and over", lines { _ in "k: 1\n" }),
    ("anchors", lines { "a\($0): &b\($0) x\n" }),
    ("tags", lines { "a\($0): !!python/object:os.system x\n" }),
    ("merge keys", lines { _ in "<<: {a: 1}\n" }),
    ("many documents", lines { _ in "---\n" }), ("an open quote", "a: \"" + lines { _ in "b\n" }),
    ("colons", String(repeating: "a: ", count: 1300)), ("tabs", lines { _ in "\ta\n" }),
    (
      "many policies",
      "version: 1\npolicies:\n"
        + lines { "  - {name: p\($0), match: {port: 1}, action: report}\n" }
    ),
    ("too large", String(repeating: "# x\n", count: size)),
  ]

  private static func lines(_ line: (Int) -> String) -> String {
    var text = ""
    var number = 0
    while text.utf8.count < size - 64 {
      text += line(number)
      number += 1
    }
    return text
  }

  @Test(arguments: traps.indices)
  func areReadQuicklyWithLittleMemory(index: Int) throws {
    let (name, text) = Self.traps[index]
    let folder = try TemporaryDirectory()
    let file = try folder.write("trap.yaml", text)
    let script = """
      import resource, subprocess, sys
      done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
      usage = resource.getrusage(resource.RUSAGE_CHILDREN)
      print(done.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)
      """
    let ended = try Command.run([
      Tools.python, "-c", script, Tools.connreap, "policy", "check", file,
    ])
    let figures = try #require(ended.lines.last).split(separator: " ")
    #expect(figures[0] == (name == "many policies" ? "0" : "65"), "\(name)")
    #expect(try #require(Double(figures[1])) < Self.seconds, "\(name)")
    #expect(try #require(Int(figures[2])) <= Self.megabytes, "\(name)")
    guard name != "many policies" else { return }
    #expect(
      ended.errorText.contains("trap.yaml:") || ended.errorText.contains("trap.yaml has more"))
  }
}
