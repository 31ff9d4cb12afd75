import Connections
import PolicyEngine
import Selection
import TestSupport
import Testing

/// A written policy selects exactly what the options select.
@Suite struct PolicyDraftPropertyTests {
  /// Values of each key, by its word. Each set has some that match rows of ``row(_:)``.
  static let values: [String: [String]] = [
    "state": ["close-wait", "established", "fin-wait-2,close-wait", "connected", "all", "big"],
    "idle": ["1s", "1500ms", "1h"], "stalled": ["1s", "1m"], "age": ["1s"], "in-state": ["1s"],
    "host": ["10.0.0.1", "10.0.0.0/8", "::1,10.0.0.2", "db.example", "*"],
    "port": ["20", "21-22", "https", "1,23"], "local": ["10.0.0.5", "::"],
    "peer": ["10.0.0.2", "10.0.0.1,10.0.0.3"], "local-port": ["20-22", "23"],
    "peer-port": ["50000", "1-9"],
    "process": names.filter { !$0.contains("[") } + ["*", "j?va", "[!a]*", "java,sshd"],
    "command": ["*orders.jar*", "java -jar a.jar"],
    "pid": ["1", "2,3"], "user": ["0", "app", "1,2"],
    "unit": ["java", "n*", #"my\x2dapp.service"#],
    "container": ["web", "0123456789ab"], "pod": ["default/web-1"],
    "cgroup": ["/system.slice", "/a b: c"], "netns": ["blue", "all", "17"], "interface": ["lo"],
    "mark": ["1", "0x10/0xff"], "recv-queue": ["1", "1k"], "send-queue": ["1M"],
    "family": ["ipv4", "ipv6"],
    "filter": [
      "port 20 or host 10.0.0.1", "process = 'a\"b'", "not established", "idle > 1s",
      "( dport = :https )",
    ],
  ]

  /// Names of processes that YAML, or a careless writer, could read as something else.
  private static let names = [
    "java", "sshd", "null", "~", "true", "no", "1234", "1e3", "0x1f", "2026-11-21", "a: b", "a #b",
    "- a", "&a", "!a", "{a}", "%a", "@a", "`a`", "'a'", "\"a\"", "a'b\"c", "\\", "a\\nb", "x\\",
    "a\nb", "a\tb", "a\rb", "\u{1b}[2J", "é", "e\u{301}", "'\u{301}", "\u{202e}a", "a\u{85}b",
    "a\u{2028}b", "a\u{feff}a", "\u{e000}", "😀", "\u{e0fe}a", "[a]", ">", "key:", ":a", "a:b", "<<",
  ]

  @Test func everyKeyHasValues() {
    for key in SelectionKey.allCases { #expect(Self.values[key.rawValue] != nil, "\(key)") }
  }

  @Test(arguments: 0..<20)
  func selectsWhatTheOptionsSelect(seed: Int) throws {
    var random = Seeded(UInt64(seed))
    var (selected, excluded) = (0, 0)
    for _ in 0..<50 {
      let options = self.options(&random)
      let selection = try SelectionVocabulary.parse(options: options, names: SampleNames())
      guard !selection.selectsEveryConnection else { continue }
      let draft = PolicyDraft("leak", matching: options, selecting: selection)
      let text: String
      do {
        text = try draft.written(names: SampleNames())
      } catch {
        // The reader warns about a time in states without one.
        #expect(error.message.contains("matches nothing"), "\(error.message) \(options)")
        continue
      }
      let policy = try #require(try read(text).policies.first)
      let wanted = selection.limitedToDefaultStates()
      #expect(policy.match.explicitStates == wanted.explicitStates, "\(text)")
      let table = SampleTable((0..<40).map { _ in row(&random) })
      for index in 0..<table.count {
        let (connection, owners) = (table.connection(at: index), table.owners(at: index))
        let verdict = wanted.verdict(of: connection, owners: owners)
        #expect(policy.match.verdict(of: connection, owners: owners) == verdict, "\(text)")
        if verdict == .yes { selected += 1 } else { excluded += 1 }
      }
    }
    #expect(selected > 100 && excluded > 100, "\(selected) \(excluded)")
  }

  private func options(_ random: inout Seeded) -> [(key: SelectionKey, values: [String])] {
    var keys = SelectionKey.allCases.shuffled(using: &random)
      .prefix(Int.random(in: 1...2, using: &random))
    // Each network namespace numbers its own interfaces.
    if keys.contains(.interface) { keys.removeAll { $0 == .netns } }
    return keys.map { key in
      let values = Self.values[key.rawValue, default: []].shuffled(using: &random)
      return (key, Array(values.prefix(Int.random(in: 1...3, using: &random))))
    }
  }

  private func row(_ random: inout Seeded) -> SampleRow {
    let owners = (0..<Int.random(in: 1..<3, using: &random)).map { _ in
      process(
        Int32.random(in: 1..<4, using: &random), Self.names.randomElement(using: &random) ?? nil)
    }
    return SampleRow(
      state: [.established, .closeWait, .finWait2, .listen].randomElement(using: &random)
        ?? .established,
      localPort: UInt16.random(in: 20..<24, using: &random),
      peer: "10.0.0.\(Int.random(in: 1..<4, using: &random))",
      userID: UInt32.random(in: 0..<3, using: &random),
      acknowledged: [500, 2000].randomElement(using: &random),
      received: [500, 2000].randomElement(using: &random),
      sent: [500, 2000].randomElement(using: &random), owners: owners)
  }

  /// Any text that a file can have is read back to the letter.
  @Test(arguments: 0..<20)
  func everyTextIsKept(seed: Int) throws {
    var random = Seeded(UInt64(seed))
    for _ in 0..<100 {
      let path = "/" + text(&random)
      let draft = PolicyDraft("leak", matching: [(.cgroup, [path])], action: .report)
      let policy = try #require(try read(draft.written(names: SampleNames())).policies.first)
      let term = SelectionPredicate.term(.cgroup(path: KernelName(path)))
      #expect(policy.match == term.limitedToDefaultStates(), "\(path.quoted)")
    }
  }

  /// Random characters, many of them special in YAML.
  private func text(_ random: inout Seeded) -> String {
    var text = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 1..<12, using: &random) {
      let special =
        "\\\"'#:-&!%@`}[]>=~^;()\t\n\r\u{85}\u{2028}\u{2029}\u{a0}\u{301}\u{202e}\u{feff}"
      let ranges: [ClosedRange<UInt32>] = [
        1...0x7f, 0x80...0x2fff, 0xe000...0xffff, 0x10000...0x10ffff,
      ]
      let range = ranges.randomElement(using: &random) ?? 1...1
      let scalar =
        Bool.random(using: &random)
        ? special.unicodeScalars.randomElement(using: &random)
        : Unicode.Scalar(UInt32.random(in: range, using: &random))
      // A path must be one path, without a warning about it.
      guard let scalar, !"/,*?{$<|\u{e0ff}".unicodeScalars.contains(scalar),
        !(0x2018...0x201f).contains(scalar.value)
      else { continue }
      text.append(scalar)
    }
    return "x" + String(text) + "x"
  }
}
