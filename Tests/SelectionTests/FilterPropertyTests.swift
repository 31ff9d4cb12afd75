import Connections
import Selection
import TestSupport
import Testing

@Suite("Generated filters")
struct FilterPropertyTests {
  @Test("A tree survives a round trip through its text")
  func roundTrip() throws {
    var generator = Seeded(31)
    for _ in 0..<1500 {
      let tree = Self.tree(depth: 5, &generator)
      let text = tree.filterText
      #expect(try SelectionFilter.parse(text, names: FixedNames()) == tree, "\(text)")
    }
  }

  @Test("A tree without a text of its own becomes an equivalent tree")
  func oddTrees() throws {
    let port = SelectionPredicate.term(.port(.local, 80...80))
    let expected: [(SelectionPredicate, SelectionPredicate)] = [
      (.any([]), .not(.everything)), (.all([port]), port), (.not(.all([.any([port])])), .not(port)),
      (.term(.states([])), .not(.everything)),
      (.all([port, .all([port])]), .all([port, port])),
      (.any([.all([]), port]), .any([.everything, port])),
    ]
    for (tree, again) in expected {
      #expect(try SelectionFilter.parse(tree.filterText, names: FixedNames()) == again)
    }
  }

  @Test(
    "A printed pattern parses to the same or an equivalent pattern",
    arguments: [
      ("java", "java"), ("a b", "a b"), ("a\"b", "a\"b"), ("a'b", "a'b"), ("(sd-pam)", "(sd-pam)"),
      ("and", "and"), ("a,b", "a[,]b"), ("[a,b]", "[a,b]"), (#"a\,b"#, #"a\\[,]b"#),
      (" a ", "[ ]a[ ]"), (#"'"(x"#, #"'"(x"#), (#"('""#, #"('""#), (#"!'""#, #"!'""#),
      (#"""#, #"""#), (#"''""'"#, #"''""'"#), ("a\\ ", #"a\\[ ]"#), ("\"\u{711}", "\"\u{711}"),
      ("'\u{301}\"x", "'\u{301}\"x"), (" \u{301}a", "[ ]\u{301}a"), (" ", "[ ]"),
      (#"a\\ "#, #"a\\[ ]"#), (#"my\x2dapp.service"#, #"my\x2dapp.service"#), (#"a\"#, #"a\"#),
      (#"\*"#, #"\*"#), (#"CORP\alice"#, #"CORP\alice"#), (#"a\(b"#, #"a\(b"#), (#"\"#, #"\"#),
    ])
  func patterns(pattern: String, printed: String) throws {
    let tree = SelectionPredicate.term(.process(try Glob(pattern)))
    let again = SelectionPredicate.term(.process(try Glob(printed)))
    #expect(try SelectionFilter.parse(tree.filterText, names: FixedNames()) == again)
  }

  @Test("Any printed pattern parses to one that matches the same names")
  func anyPattern() throws {
    var generator = Seeded(35)
    let alphabet = Array("ab*?[]!-\\,'\"() |&=<>é\u{301}/.".unicodeScalars)
    for _ in 0..<5000 {
      var text = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        text.append(alphabet.randomElement(using: &generator) ?? "a")
      }
      guard let glob = try? Glob(String(text)) else { continue }
      let printed = SelectionTerm.process(glob).filterText
      guard
        case .term(.process(let again)) = try SelectionFilter.parse(printed, names: FixedNames())
      else {
        Issue.record("\(printed) is not one process")
        continue
      }
      for _ in 0..<4 {
        var name = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...5, using: &generator) {
          name.append(alphabet.randomElement(using: &generator) ?? "a")
        }
        #expect(glob.matches(String(name)) == again.matches(String(name)), "\(printed) \(name)")
      }
      #expect(glob.matches(String(text)) == again.matches(String(text)), "\(printed)")
    }
  }

  @Test("A path survives a round trip with any characters")
  func anyPath() throws {
    for path in [#"/a'b"c"#, #"/"#, "/a,b", #"/my\x2dapp.service"#, "/a b", #"/'""'"#, "/a;b(c)"] {
      let term = SelectionPredicate.term(.cgroup(path: KernelName(path)))
      #expect(try SelectionFilter.parse(term.filterText, names: FixedNames()) == term, "\(path)")
    }
  }

  @Test("Any text is a filter or an error within its bounds")
  func anyText() {
    var generator = Seeded(32)
    for _ in 0..<2000 {
      let count = Int.random(in: 0...40, using: &generator)
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      check(String(decoding: bytes, as: UTF8.self))
    }
  }

  @Test("A mutated filter is a filter or an error within its bounds")
  func mutations() {
    var generator = Seeded(33)
    let words = Self.words
    for _ in 0..<2500 {
      var bytes = Array(Self.tree(depth: 3, &generator).filterText.utf8)
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let index = Int.random(in: 0...bytes.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0 where index < bytes.count: bytes.remove(at: index)
        case 1:
          bytes.insert(
            "()!=<>&|\"'\\ :/[]*,"
              .utf8.randomElement(using: &generator) ?? 0, at: index)
        case 2 where index < bytes.count:
          bytes[index] = UInt8.random(in: 0...127, using: &generator)
        default:
          let word = " \(words.randomElement(using: &generator) ?? "") "
          bytes.insert(contentsOf: word.utf8, at: index)
        }
      }
      check(String(decoding: bytes, as: UTF8.self))
    }
  }

  @Test("Words in any order are an error or a filter that survives a round trip")
  func anyWords() throws {
    var generator = Seeded(34)
    var valid = 0
    for _ in 0..<2500 {
      let count = Int.random(in: 1...7, using: &generator)
      let text = (0..<count).compactMap { _ in Self.words.randomElement(using: &generator) }
        .joined(separator: " ")
      guard let tree = check(text) else { continue }
      valid += 1
      let again = try SelectionFilter.parse(tree.filterText, names: FixedNames())
      for row in Self.rows {
        #expect(
          tree.verdict(of: row, owners: UnknownOwners())
            == again.verdict(of: row, owners: UnknownOwners()), "\(text) → \(tree)")
      }
    }
    #expect(valid > 50)
  }

  @discardableResult
  private func check(_ text: String) -> SelectionPredicate? {
    do throws(FilterProblem) {
      return try SelectionFilter.parse(text, names: FixedNames())
    } catch {
      #expect(error.range.lowerBound >= 0 && error.range.upperBound <= text.utf8.count, "\(text)")
      #expect(!error.description.isEmpty && !error.description.contains("\n"), "\(text)")
      return nil
    }
  }

  private static let words: [String] = [
    "(", ")", "not", "!", "and", "or", "&", "||", "=", "!=", ">", "<=", "lt", "state", "exclude",
    "established", "all", "src", "dst", "sport", "dport", "dev", "lo", "fwmark", "1/1", "autobound",
    "host", "net", "port", "portrange", "mask", "tcp", "ip", "ip6", "10/8", "10.0.0.5", "[::1]:80",
    "::1", ":80", "*:80", "80", "80-90", "inet:", "idle", "1h", "process", "java", "user", "root",
    "recv-queue", "0", "1k", "255.0.0.0", "\"x\"",
  ]

  private static let rows: [Connection] = [
    .row(), .row(.listen, localPort: 80, peer: "0.0.0.0", peerPort: 0), .row(.timeWait, inode: 0),
    .row(.closeWait, local: "::1", localPort: 40000, peer: "::1", peerPort: 80, interface: 1),
    .row(local: "::ffff:10.0.0.5", peer: "::ffff:10.0.0.9", receiveQueue: 5000, mark: 1),
  ]

  private static func tree(
    depth: Int, _ generator: inout Seeded
  ) -> SelectionPredicate {
    guard depth > 0 else { return .term(term(&generator)) }
    func parts() -> [SelectionPredicate] {
      (0..<Int.random(in: 2...4, using: &generator)).map { _ in tree(depth: depth - 1, &generator) }
    }
    return switch Int.random(in: 0..<8, using: &generator) {
    case 0: .everything
    case 1, 2: .all(parts())
    case 3, 4: .any(parts())
    case 5: .not(tree(depth: depth - 1, &generator))
    default: .term(term(&generator))
    }
  }

  private static func term(_ generator: inout Seeded) -> SelectionTerm {
    let end = ConnectionEnd.allCases.randomElement(using: &generator) ?? .local
    let time = UInt64.random(in: 0...10_000_000_000, using: &generator)
    let number = UInt32.random(in: 0..<UInt32.max, using: &generator)
    switch Int.random(in: 0..<18, using: &generator) {
    case 0:
      let states = TCPState.allCases.filter {
        $0 != .newSynReceived && Bool.random(using: &generator)
      }
      return .states(TCPStateSet(states.isEmpty ? [.listen] : states))
    case 1: return .idle(atLeast: time)
    case 2: return .stalled(atLeast: time)
    case 3: return .inState(atLeast: time)
    case 4:
      let address = IPAddress(v4: number)
      let length = Int.random(in: 0...32, using: &generator)
      return .address(end, AddressBlock(address, prefixLength: length) ?? AddressBlock(address))
    case 5:
      let bits = UInt128.random(in: 0...UInt128.max, using: &generator)
      let address = IPAddress(bits: bits, family: .ipv6)
      let length = Int.random(in: 0...128, using: &generator)
      return .address(end, AddressBlock(address, prefixLength: length) ?? AddressBlock(address))
    case 6:
      let low =
        UInt16.random(in: 0...1, using: &generator)
        * UInt16.random(in: 1...UInt16.max, using: &generator)
      let isSingle = Bool.random(using: &generator)
      return .port(
        end, low...(isSingle ? low : UInt16.random(in: low...UInt16.max, using: &generator)))
    case 7:
      let patterns = ["java", "j*", "[!a-z]?", "a b", "(x)", "a'b", "a\"b", "or", "ü", "a!=b"]
      let pattern = patterns.randomElement(using: &generator) ?? "x"
      return (try? Glob(pattern)).map { .process($0) } ?? .pid(1)
    case 8: return .pid(Int32.random(in: 1...Int32.max, using: &generator))
    case 9: return .user(number)
    case 10: return .family(Bool.random(using: &generator) ? .ipv4 : .ipv6)
    case 11: return .receiveQueue(atLeast: number)
    case 12: return .sendQueue(atLeast: number)
    case 13: return .interface(number)
    case 14: return (try? Glob("nginx@*.service")).map { .unit($0) } ?? .pid(1)
    case 15:
      let texts = [String(UInt64(number) + 65_536, radix: 16), "web", "default/web-1", "and"]
      let text = texts.randomElement(using: &generator) ?? "web"
      guard let container = ContainerReference(text), let pod = PodReference(text) else {
        return .pid(1)
      }
      return Bool.random(using: &generator) ? .container(container) : .pod(pod)
    case 16:
      let paths = ["/", "/a.slice/b c", "/it's", #"/dev-disk\x2dby.slice"#, "/user@1000.service"]
      return .cgroup(path: KernelName(paths.randomElement(using: &generator) ?? "/"))
    default:
      let mask = UInt32.random(in: 0...UInt32.max, using: &generator)
      return Bool.random(using: &generator)
        ? .mark(number & mask, mask: mask) : .autobound(within: 32768...60999)
    }
  }
}
