import Connections
import PolicyEngine
import Scanning
import Selection
import Testing

@testable import Presentation
@testable import Reports

@Suite("The commands against a leak")
struct LeakRemedyTests {
  private func remedies(
    _ scene: LeakScene, by grouping: Grouping = .program, rule: LeakRule = LeakRule()
  ) throws -> [LeakRemedy?] {
    try scene.report(by: grouping, rule: rule).remedies
  }

  @Test func theCommandsSelectTheProgramInItsUnit() throws {
    var scene = LeakScene()
    scene.add(10, "app", in: "/system.slice/a.service", leaks: [120_000])
    let remedy = try #require(try remedies(scene)[0])
    let selection = "--process app --unit a.service --state close-wait --idle 1m --in-state 1m"
    #expect(remedy.kill == "connreap kill \(selection)")
    #expect(remedy.policy == "connreap policy new app-leak \(selection)")
  }

  @Test(
    arguments: [
      (.process, "--pid 10"), (.unit, "--unit a.service"), (.peer, "--peer 10.0.0.20"),
      (.program, "--process app --unit a.service"),
    ] as [(Grouping, String)])
  func theSelectionFollowsTheGrouping(grouping: Grouping, words: String) throws {
    var scene = LeakScene()
    scene.add(10, "app", in: "/system.slice/a.service", leaks: [120_000])
    let remedy = try #require(try remedies(scene, by: grouping)[0])
    #expect(remedy.kill.hasPrefix("connreap kill \(words) --state close-wait "))
  }

  @Test func aLargeLeakNeedsAMaximumWithRoomToGrow() throws {
    var scene = LeakScene()
    scene.add(10, "app", leaks: (0..<646).map { 60_000 + UInt32($0) * 10_000 })
    let remedy = try #require(try remedies(scene)[0])
    #expect(remedy.kill.hasSuffix(" --max 680"), "646 and 30 in five minutes, rounded up")
    #expect(remedy.policy.hasSuffix(" --limit 680"), "the first run must not be refused")
  }

  @Test func idleConnectionsAreSelectedByTheirOwnState() throws {
    var scene = LeakScene()
    scene.add(10, "app", leaks: [120_000], idle: [7_200_000, 7_200_000])
    let remedy = try #require(try remedies(scene, rule: LeakRule(idle: 3_600_000))[0])
    #expect(remedy.kill == "connreap kill --process app --state established --idle 1h")
  }

  @Test func namesThatCannotBeTypedAreSelectedByPid() throws {
    var scene = LeakScene()
    scene.add(10, "a\nb", leaks: [120_000])
    #expect(try remedies(scene)[0]?.kill.hasPrefix("connreap kill --pid 10 ") == true)
    scene.add(11, "a\nb", leaks: [120_000])
    #expect(try remedies(scene)[0] == nil, "two pids could both be reused")
  }

  /// Whatever a process is called, the command selects exactly its leaked connections.
  @Test(
    arguments: [
      "app", "a b", "it's", "a*b", "a?", "[x]", #"back\slash"#, "a,b", "--all", "$(reboot)", "äöü",
      "a;b", "\"q\"", "x'y\"z", "#", "~", "=",
    ])
  func theCommandIsSafeInAShellAndExact(name: String) throws {
    var scene = LeakScene()
    scene.add(10, name, leaks: [120_000, 180_000, 1000])
    scene.add(11, "other", leaks: [120_000])
    let report = try scene.report()
    let index = try #require(report.search.groups.firstIndex { $0.label == KernelName(name) })
    let remedy = try #require(report.remedies[index])
    var options: [(key: SelectionKey, values: [String])] = []
    var words = ShellWords.split(remedy.kill).dropFirst(2)
    while let option = words.popFirst(), let value = words.popFirst() {
      options.append((try #require(SelectionKey(rawValue: String(option.dropFirst(2)))), [value]))
    }
    let predicate = try SelectionVocabulary.parse(options: options, names: SystemNames())
    let snapshot = report.snapshot
    let selected = snapshot.connections.filter {
      predicate.verdict(of: $0, owners: snapshot.ownerFacts(of: $0)) == .yes
    }
    #expect(selected.map(\.inode) == [1, 2])
  }

  @Test(
    arguments: [
      ("orders.jar", "orders-jar-leak"), ("java", "java-leak"), ("shop/app.py", "shop-app-py-leak"),
      ("ÄÖ", "leak"), ("--", "leak"), ("Payments API", "payments-api-leak"), ("a_", "a-leak"),
    ])
  func policyNamesHaveLettersDigitsAndHyphens(label: String, name: String) {
    #expect(LeakRemedy.policyName(for: KernelName(label)) == name)
  }
}

/// Splits a command line as a POSIX shell does, for the quotes that connreap writes.
enum ShellWords {
  static func split(_ line: String) -> ArraySlice<String> {
    var words: [String] = []
    var word: String?
    var isQuoted = false
    var rest = line.unicodeScalars[...]
    while let character = rest.popFirst() {
      switch character {
      case "'": (isQuoted, word) = (!isQuoted, word ?? "")
      case "\\" where !isQuoted:
        word = (word ?? "") + String(rest.popFirst().map(Character.init) ?? " ")
      case " " where !isQuoted:
        if let done = word { words.append(done) }
        word = nil
      default:
        word = word ?? ""
        word?.unicodeScalars.append(character)
      }
    }
    if let word { words.append(word) }
    return words[...]
  }
}
