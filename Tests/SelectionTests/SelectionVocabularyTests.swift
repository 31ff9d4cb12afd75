import Connections
import Selection
import Testing

@Suite("Values of options and keys")
struct SelectionVocabularyTests {
  private static func block(_ text: String, _ length: Int? = nil) -> AddressBlock {
    guard let address = IPAddress(text: text),
      let block = AddressBlock(
        address, prefixLength: length ?? (address.family == .ipv4 ? 32 : 128))
    else { preconditionFailure() }
    return block
  }

  private func parse(
    _ key: SelectionKey, _ value: String, _ names: some NameResolver = FixedNames()
  ) throws -> SelectionPredicate {
    try SelectionVocabulary.parse(key: key, value: value, names: names)
  }

  static let examples: [(SelectionKey, String, SelectionTerm)] = [
    (.state, "established", .states(TCPState.established.asSet)),
    (.state, "CLOSE_WAIT", .states(TCPState.closeWait.asSet)),
    (.state, "established,close-wait", .states(TCPStateSet([.established, .closeWait]))),
    (.state, "established , close-wait ", .states(TCPStateSet([.established, .closeWait]))),
    (.state, "all", .states(.all)),
    (.state, "bucket,listen", .states(TCPStateSet.bucket.union(TCPState.listen.asSet))),
    (.idle, "1h", .idle(atLeast: 3_600_000)), (.stalled, "90s", .stalled(atLeast: 90_000)),
    (.inState, "10m", .inState(atLeast: 600_000)),
    (.host, "10.0.0.5", .address(.either, block("10.0.0.5"))),
    (.host, "10.0.0.5/8", .address(.either, block("10.0.0.0", 8))),
    (.local, "::1", .address(.local, block("::1"))),
    (.local, "[::1]", .address(.local, block("::1"))),
    (.peer, "[2001:db8::1]/32", .address(.peer, block("2001:db8::", 32))),
    (.peer, "0.0.0.0/0", .address(.peer, block("0.0.0.0", 0))),
    (.host, "münchen.example", .address(.either, block("0.0.0.1"))),
    (.host, "a_b", .address(.either, block("0.0.0.1"))),
    (.host, "0xg", .address(.either, block("0.0.0.1"))),
    (.host, "1a", .address(.either, block("0.0.0.1"))),
    (.port, "443", .port(.either, 443...443)), (.port, "1", .port(.either, 1...1)),
    (.port, "65535", .port(.either, 65535...65535)),
    (.localPort, "8000-8100", .port(.local, 8000...8100)),
    (.localPort, "80-80", .port(.local, 80...80)), (.peerPort, "http", .port(.peer, 80...80)),
    (.peerPort, "http-alt", .port(.peer, 8080...8080)),
    (.peerPort, "3com-tsmux", .port(.peer, 106...106)),
    (.pid, "1744", .pid(1744)), (.pid, "2147483647", .pid(.max)),
    (.user, "root", .user(0)), (.user, "1000", .user(1000)),
    (.user, "4294967294", .user(4_294_967_294)), (.family, "ipv4", .family(.ipv4)),
    (.family, "ipv6", .family(.ipv6)), (.interface, "eth0", .interface(2)),
    (.mark, "10", .mark(10, mask: .max)), (.mark, "0xA", .mark(10, mask: .max)),
    (.mark, "0x10/0xf0", .mark(0x10, mask: 0xf0)), (.mark, "0/3", .mark(0, mask: 3)),
    (.mark, "0xffffffff", .mark(.max, mask: .max)),
    (.receiveQueue, "1", .receiveQueue(atLeast: 1)),
    (.receiveQueue, "1k", .receiveQueue(atLeast: 1024)),
    (.receiveQueue, "64K", .receiveQueue(atLeast: 65536)),
    (.sendQueue, "2M", .sendQueue(atLeast: 2_097_152)),
    (.sendQueue, "3G", .sendQueue(atLeast: 3_221_225_472)),
    (.sendQueue, "4294967295", .sendQueue(atLeast: .max)),
  ]

  @Test("One value, one term", arguments: examples)
  func oneTerm(key: SelectionKey, value: String, term: SelectionTerm) throws {
    #expect(try parse(key, value) == .term(term))
  }

  @Test(
    "Numbers and addresses need no lookup",
    arguments: examples.filter {
      !$0.1.contains { $0.isLetter } || $0.1.contains("::")
    })
  func noLookup(key: SelectionKey, value: String, term: SelectionTerm) throws {
    #expect(try parse(key, value, NoNames()) == .term(term))
  }

  @Test("The items of a comma-separated list are ORed")
  func lists() throws {
    #expect(
      try parse(.port, "80,443,8000-8100")
        == .any([
          .term(.port(.either, 80...80)), .term(.port(.either, 443...443)),
          .term(.port(.either, 8000...8100)),
        ]))
    #expect(
      try parse(.process, "java, node*")
        == .any([.term(.process(try Glob("java"))), .term(.process(try Glob("node*")))]))
  }

  @Test("A comma inside brackets belongs to the pattern; a backslash does not escape it")
  func commaInBrackets() throws {
    #expect(try parse(.process, "a[,]b") == .term(.process(try Glob("a[,]b"))))
    #expect(try parse(.process, "[],],b") == .any([try process("[],]"), try process("b")]))
    #expect(try parse(.process, #"a\,b"#) == .any([try process(#"a\"#), try process("b")]))
    #expect(try parse(.process, #"a\[,b"#) == .any([try process(#"a\["#), try process("b")]))
    #expect(
      try parse(.unit, #"my\x2dapp.service,b"#)
        == .any([.term(.unit(try Glob(#"my\x2dapp.service"#))), .term(.unit(try Glob("b")))]))
  }

  private func process(_ pattern: String) throws -> SelectionPredicate {
    .term(.process(try Glob(pattern)))
  }

  @Test("A comma separates cgroup paths only before another path")
  func commaInPaths() throws {
    #expect(try parse(.cgroup, "/a,b") == .term(.cgroup(path: "/a,b")))
    #expect(
      try parse(.cgroup, "/a, /b")
        == .any([.term(.cgroup(path: "/a")), .term(.cgroup(path: "/b"))]))
  }

  @Test("A host name selects all its addresses")
  func hosts() throws {
    #expect(
      try parse(.peer, "db.example")
        == .any(
          ["10.1.0.1", "10.1.0.2", "2001:db8::1"].map { .term(.address(.peer, Self.block($0))) }))
    #expect(
      try parse(.host, "localhost.,10.0.0.0/8")
        == .any([
          .term(.address(.either, Self.block("::1"))),
          .term(.address(.either, Self.block("127.0.0.1"))),
          .term(.address(.either, Self.block("10.0.0.0", 8))),
        ]))
  }

  @Test("Different options are ANDed, repeated ones ORed")
  func options() throws {
    func parse(_ options: [(key: SelectionKey, values: [String])]) throws -> SelectionPredicate {
      try SelectionVocabulary.parse(options: options, names: FixedNames())
    }
    #expect(try parse([]) == .everything)
    #expect(try parse([(.port, []), (.state, [])]).selectsEverything)
    #expect(try parse([(.port, ["80"])]) == .term(.port(.either, 80...80)))
    let both = SelectionPredicate.all([
      .term(.states(TCPStateSet([.closeWait, .lastAck, .listen]))),
      .any([.term(.port(.either, 80...80)), .term(.port(.either, 443...443))]),
    ])
    #expect(
      try parse([(.state, ["close-wait", "last-ack,listen"]), (.port, ["80", "https"])]) == both)
    #expect(
      try parse([
        (.state, ["close-wait"]), (.port, ["80"]), (.state, ["last-ack,listen"]), (.port, ["443"]),
      ]) == both)
    #expect(
      try parse([(.family, ["ipv4"]), (.family, ["ipv6"])])
        == .any([.term(.family(.ipv4)), .term(.family(.ipv6))]))
    let problem = try #require(throws: SelectionProblem.self) {
      try parse([(.port, ["80", "443", "0"]), (.state, ["x"])])
    }
    #expect((problem.key, problem.value) == (.port, "0"))
  }

  @Test("Every key is parsed", arguments: SelectionKey.allCases)
  func everyKey(key: SelectionKey) throws {
    let example: [SelectionKey: String] = [
      .state: "listen", .idle: "1h", .stalled: "1h", .age: "7d", .inState: "1h", .host: "::1",
      .local: "::1",
      .peer: "::1", .port: "1", .localPort: "1", .peerPort: "1", .process: "a",
      .command: "*a b*", .pid: "1",
      .user: "1", .interface: "lo", .mark: "1", .receiveQueue: "1", .sendQueue: "1",
      .family: "ipv4", .unit: "nginx", .container: "0a1b", .pod: "web", .cgroup: "/a",
      .filter: "port 1",
      .netns: "blue",
    ]
    let selection = try parse(key, try #require(example[key]))
    #expect(selection.selectsEverything == (key == .netns), "a namespace excludes no connection")
    #expect(!key.help.isEmpty && key.help.count <= 80)
    #expect(!key.help.hasSuffix(".") && !key.help.contains("\n"))
    #expect(!key.valueName.isEmpty)
  }

  @Test("Units are patterns, containers and pods names or IDs, cgroups absolute paths")
  func groups() throws {
    #expect(
      try parse(.unit, "a[,]b.service,php*")
        == .any([.term(.unit(try Glob("a[,]b.service"))), .term(.unit(try Glob("php*")))]))
    for text in ["0a1b", "web", "web.1_b-c", String(repeating: "0a", count: 32)] {
      #expect(
        try parse(.container, text) == .term(.container(try #require(ContainerReference(text)))))
      #expect(try parse(.pod, text) == .term(.pod(try #require(PodReference(text)))))
    }
    #expect(try parse(.cgroup, "/system.slice/") == .term(.cgroup(path: "/system.slice")))
    #expect(try parse(.cgroup, "/") == .term(.cgroup(path: "/")))
  }

  @Test("The keys have their documented names")
  func words() {
    #expect(
      SelectionKey.allCases.map(\.rawValue) == [
        "state", "idle", "stalled", "age", "in-state", "host", "port", "local", "peer",
        "local-port", "peer-port", "process", "command", "pid", "user", "unit", "container", "pod",
        "cgroup",
        "netns",
        "interface", "mark", "recv-queue", "send-queue", "family",
        "filter",
      ])
  }
}
