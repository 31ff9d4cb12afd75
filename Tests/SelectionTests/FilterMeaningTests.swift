import Connections
import Selection
import Testing

@Suite("The meaning of filters")
struct FilterMeaningTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let filter: String
    let meaning: SelectionPredicate

    init(_ filter: String, _ meaning: SelectionPredicate) {
      self.filter = filter
      self.meaning = meaning
    }

    var testDescription: String { filter }
  }

  private static func states(_ states: TCPState...) -> SelectionPredicate {
    .term(.states(TCPStateSet(states)))
  }
  private static func port(
    _ end: ConnectionEnd, _ low: UInt16, _ high: UInt16? = nil
  ) -> SelectionPredicate {
    .term(.port(end, low...(high ?? low)))
  }
  private static func host(
    _ end: ConnectionEnd, _ address: String, _ length: Int? = nil
  ) -> SelectionPredicate {
    guard let address = IPAddress(text: address),
      let block = AddressBlock(
        address, prefixLength: length ?? (address.family == .ipv4 ? 32 : 128))
    else { preconditionFailure() }
    return .term(.address(end, block))
  }
  private static let ipv4 = SelectionPredicate.term(.family(.ipv4))
  private static let ipv6 = SelectionPredicate.term(.family(.ipv6))
  private static let anyV4 = host(.local, "0.0.0.0", 0)
  private static let minute: UInt64 = 60_000

  /// Examples from the manuals of `ss` and pcap, with the service names of ``FixedNames``.
  static let manuals: [Case] = [
    Case(
      "state established ( dport = :https or sport = :https )",
      .all([states(.established), .any([port(.peer, 443), port(.local, 443)])])),
    Case(
      "state fin-wait-1 ( sport = :http or sport = :https ) dst 193.233.7/24",
      .all([
        states(.finWait1),
        .all([.any([port(.local, 80), port(.local, 443)]), host(.peer, "193.233.7.0", 24)]),
      ])),
    Case("fwmark = 0x01/0x03", .term(.mark(1, mask: 3))),
    Case("autobound", .term(.autobound(within: 32768...60999))),
    Case("host 10.0.0.5", host(.either, "10.0.0.5")),
    Case("net 128.3", host(.either, "128.3.0.0", 16)),
    Case("port 20", port(.either, 20)),
    Case("portrange 6000-6008", port(.either, 6000, 6008)),
    Case("src 10.0.0.5", host(.local, "10.0.0.5")),
    Case("dst net 128.3", host(.peer, "128.3.0.0", 16)),
    Case(
      "src or dst port 20", port(.either, 20)),
    Case("src and dst port 20", .all([port(.local, 20), port(.peer, 20)])),
    Case("tcp port 21", port(.either, 21)),
    Case("tcp portrange 7000-7009", port(.either, 7000, 7009)),
    Case("tcp src port http", port(.local, 80)),
    Case("ip host 10.0.0.5", .all([anyV4, host(.either, "10.0.0.5")])),
    Case(
      "host 10.0.0.5 and not port 20 and not port 21",
      .all([
        host(.either, "10.0.0.5"), .not(port(.either, 20)), .not(port(.either, 21)),
      ])),
    Case(
      "tcp dst port 20 or 21 or 22", .any([port(.peer, 20), port(.peer, 21), port(.peer, 22)])),
    Case(
      #"host 10.0.0.1 and \( 10.0.0.2 or 10.0.0.3 \)"#,
      .all([
        host(.either, "10.0.0.1"),
        .any([host(.either, "10.0.0.2"), host(.either, "10.0.0.3")]),
      ])),
    Case(
      "not host 10.0.0.1 and 10.0.0.2",
      .all([.not(host(.either, "10.0.0.1")), host(.either, "10.0.0.2")])),
    Case(
      "ip host 10.0.0.1 and not 10.0.0.2",
      .all([
        .all([anyV4, host(.either, "10.0.0.1")]),
        .not(.all([anyV4, host(.either, "10.0.0.2")])),
      ])),
    Case(
      "port 80 and host 192.168.1.100", .all([port(.either, 80), host(.either, "192.168.1.100")])),
  ]

  static let states: [Case] = [
    Case("established", states(.established)),
    Case("state ESTAB", states(.established)),
    Case("state = close-wait,last-ack", states(.closeWait, .lastAck)),
    Case("state != listen", .not(states(.listen))),
    Case("exclude listening", .not(states(.listen))),
    Case(
      "state connected excl time-wait",
      .all([.term(.states(.connected)), .not(states(.timeWait))])),
    Case(
      "state established state syn-sent exclude established",
      .all([
        .any([states(.established), states(.synSent)]), .not(states(.established)),
      ])),
    Case("established close-wait", .any([states(.established), states(.closeWait)])),
    Case(
      "state established sport = :80 or dport = :80",
      .all([states(.established), .any([port(.local, 80), port(.peer, 80)])])),
    Case(
      "state established and sport = :80 or dport = :80",
      .any([.all([states(.established), port(.local, 80)]), port(.peer, 80)])),
    Case(
      "sport = :80 established", .all([port(.local, 80), states(.established)])),
  ]

  static let hosts: [Case] = [
    Case("src = 10.0.0.0/8:80", .all([host(.local, "10.0.0.0", 8), port(.local, 80)])),
    Case("src 10.0.0.5:http", .all([host(.local, "10.0.0.5"), port(.local, 80)])),
    Case("src == 10.0.0.5", host(.local, "10.0.0.5")),
    Case("src != 10.0.0.5", .not(host(.local, "10.0.0.5"))),
    Case("dst [::1]:80", .all([host(.peer, "::1"), port(.peer, 80)])),
    Case("dst [::1]", host(.peer, "::1")),
    Case("dst ::1", host(.peer, "::1")),
    Case("dst :::80", .all([host(.peer, "::"), port(.peer, 80)])),
    Case("dst [2001:db8::/32]:80", .all([host(.peer, "2001:db8::", 32), port(.peer, 80)])),
    Case("dst [2001:db8::]/32:80", .all([host(.peer, "2001:db8::", 32), port(.peer, 80)])),
    Case("dst 2001:db8::/32", host(.peer, "2001:db8::", 32)),
    Case("dst 10.0.0.0/255.0.0.0", host(.peer, "10.0.0.0", 8)),
    Case("dst [::ffff:10.0.0.5]", .all([ipv6, host(.peer, "::ffff:10.0.0.5")])),
    Case("dst *:80", port(.peer, 80)),
    Case("dst :80", port(.peer, 80)),
    Case("dst *", .everything),
    Case("dst any", .everything),
    Case("dst *:*", .everything),
    Case("dst inet:10.0.0.5", .all([ipv4, host(.peer, "10.0.0.5")])),
    Case("dst inet6:*:80", .all([ipv6, port(.peer, 80)])),
    Case(
      "dst inet6:db.example", .all([ipv6, host(.peer, "2001:db8::1")])),
    Case(
      "dst inet:db.example:80",
      .all([ipv4, .any([host(.peer, "10.1.0.1"), host(.peer, "10.1.0.2")]), port(.peer, 80)])),
    Case(
      "src or dst 10.0.0.5:80",
      .any([
        .all([host(.local, "10.0.0.5"), port(.local, 80)]),
        .all([host(.peer, "10.0.0.5"), port(.peer, 80)]),
      ])),
    Case(
      "src and dst net 10/8", .all([host(.local, "10.0.0.0", 8), host(.peer, "10.0.0.0", 8)])),
    Case("net 10.0.0.0 mask 255.0.0.0", host(.either, "10.0.0.0", 8)),
    Case("net 10", host(.either, "10.0.0.0", 8)),
    Case("net 10.1.2.3", host(.either, "10.1.2.3")),
    Case("net 0.0.0.0/0", host(.either, "0.0.0.0", 0)),
    Case("src net 2001:db8::/32", host(.local, "2001:db8::", 32)),
    Case("host 10.0.0.0/8", host(.either, "10.0.0.0", 8)),
    Case("host = ::1", host(.either, "::1")),
    Case("host src 10.0.0.5", host(.local, "10.0.0.5")),
    Case("local = 10.0.0.5", host(.local, "10.0.0.5")),
    Case("peer != 10.0.0.5", .not(host(.peer, "10.0.0.5"))),
    Case("ip", anyV4), Case("ip6", .not(anyV4)), Case("tcp", .everything),
    Case("ip6 port 80", .all([.not(anyV4), port(.either, 80)])),
    Case(
      "host 10.0.0.1 or '10.0.0.2'", .any([host(.either, "10.0.0.1"), host(.either, "10.0.0.2")])),
  ]

  static let ports: [Case] = [
    Case("sport = :80", port(.local, 80)), Case("sport 80", port(.local, 80)),
    Case("sport eq :http", port(.local, 80)), Case("sport == 0x50", port(.local, 80)),
    Case("sport != :80", .not(port(.local, 80))), Case("sport ne 80", .not(port(.local, 80))),
    Case("sport neq 80", .not(port(.local, 80))),
    Case("dport >= :1024", port(.peer, 1024, .max)), Case("dport ge 1024", port(.peer, 1024, .max)),
    Case("dport geq 1024", port(.peer, 1024, .max)),
    Case("dport > 1023", port(.peer, 1024, .max)), Case("dport gt 1023", port(.peer, 1024, .max)),
    Case("dport <= 1023", port(.peer, 0, 1023)), Case("dport le 1023", port(.peer, 0, 1023)),
    Case("dport leq 1023", port(.peer, 0, 1023)),
    Case("dport < 1024", port(.peer, 0, 1023)), Case("dport lt 1024", port(.peer, 0, 1023)),
    Case("dport > 65535", .any([])), Case("dport < 0", .any([])),
    Case("dport = :0", port(.peer, 0)), Case("dport = :*", .everything),
    Case("dport != *", .not(.everything)),
    Case("sport = inet::80", .all([ipv4, port(.local, 80)])),
    Case("sport != inet6:80", .all([ipv6, .not(port(.local, 80))])),
    Case("port 80,443", .any([port(.either, 80), port(.either, 443)])),
    Case("port != 80", .not(port(.either, 80))), Case("port >= 1024", port(.either, 1024, .max)),
    Case("port http-alt", port(.either, 8080)), Case("port 80-90", port(.either, 80, 90)),
    Case("src portrange 80-90", port(.local, 80, 90)),
    Case("local-port < 1024", port(.local, 0, 1023)), Case("peer-port = https", port(.peer, 443)),
    Case("port ( 80 or 443 )", .any([port(.either, 80), port(.either, 443)])),
    Case("sport=:80", port(.local, 80)), Case("(sport=:80)", port(.local, 80)),
    Case("!sport=:80", .not(port(.local, 80))),
  ]

  static let keys: [Case] = [
    Case("idle 1m", .term(.idle(atLeast: minute))),
    Case("idle >= 1m", .term(.idle(atLeast: minute))),
    Case("idle > 1m", .term(.idle(atLeast: minute + 1))),
    Case("idle < 1m", .not(.term(.idle(atLeast: minute)))),
    Case("idle <= 1m", .not(.term(.idle(atLeast: minute + 1)))),
    Case("stalled>1m", .term(.stalled(atLeast: minute + 1))),
    Case("in-state gt 1m", .term(.inState(atLeast: minute + 1))),
    Case("recv-queue >= 1k", .term(.receiveQueue(atLeast: 1024))),
    Case("recv-queue > 0", .term(.receiveQueue(atLeast: 1))),
    Case("send-queue <= 0", .not(.term(.sendQueue(atLeast: 1)))),
    Case("send-queue > 4294967295", .any([])),
    Case("send-queue <= 4294967295", .everything),
    Case("user = app", .term(.user(1000))), Case("user != 0", .not(.term(.user(0)))),
    Case("pid = 12", .term(.pid(12))), Case("pid 12,13", .any([.term(.pid(12)), .term(.pid(13))])),
    Case("family = ipv6", ipv6), Case("interface = lo", .term(.interface(1))),
    Case("dev = lo", .term(.interface(1))), Case("dev != eth0", .not(.term(.interface(2)))),
    Case("dev 7", .term(.interface(7))), Case("mark 10/0xff", .term(.mark(10, mask: 0xff))),
    Case("fwmark != 5", .not(.term(.mark(5, mask: .max)))),
  ]

  @Test("Examples from the manuals", arguments: manuals)
  func manual(example: Case) throws { try check(example) }

  @Test("States", arguments: states)
  func state(example: Case) throws { try check(example) }

  @Test("Hosts and networks", arguments: hosts)
  func host(example: Case) throws { try check(example) }

  @Test("Ports", arguments: ports)
  func port(example: Case) throws { try check(example) }

  @Test("Every key of a selection", arguments: keys)
  func key(example: Case) throws { try check(example) }

  private func check(_ example: Case) throws {
    #expect(try SelectionFilter.parse(example.filter, names: FixedNames()) == example.meaning)
  }

  @Test(
    "A process is a pattern, quoted if necessary",
    arguments: [
      ("process = java", "java"), ("process java*", "java*"), ("process = [!a-z]*", "[!a-z]*"),
      ("process = \"(sd-pam)\"", "(sd-pam)"), (#"process = "a\(b""#, #"a\(b"#),
      (#"process = my\x2dapp"#, #"my\x2dapp"#), (#"process = CORP\alice"#, #"CORP\alice"#),
      (#"process = "a""b""#, #"a"b"#), ("process = 'it''s'", "it's"), (#"process = """""#, #"""#),
      ("process = 'and'", "and"), (#"process="java x""#, "java x"), ("process = 'a\"b'", "a\"b"),
      ("process = user@1000.service", "user@1000.service"), ("process ünï", "ünï"),
    ])
  func process(filter: String, pattern: String) throws {
    let term = SelectionPredicate.term(.process(try Glob(pattern)))
    #expect(try SelectionFilter.parse(filter, names: FixedNames()) == term)
  }

  @Test(
    "Every key is a term with the value of its option", arguments: SelectionKey.allCases)
  func everyKey(key: SelectionKey) throws {
    guard key != .filter else { return }
    let value: [SelectionKey: String] = [
      .state: "listen", .host: "::1", .local: "::1", .peer: "::1", .port: "1", .localPort: "1",
      .peerPort: "1", .process: "a", .pid: "1", .user: "1", .interface: "lo", .mark: "1",
      .receiveQueue: "1", .sendQueue: "1", .family: "ipv4", .unit: "nginx", .container: "0a1b",
      .pod: "web",
      .cgroup: "/a", .netns: "blue",
    ]
    let text = value[key] ?? "1h"
    let filter = "\(key.rawValue) \(text)"
    let option = try SelectionVocabulary.parse(key: key, value: text, names: FixedNames())
    #expect(try SelectionFilter.parse(filter, names: FixedNames()) == option)
  }

  @Test("Filters are ANDed with the other options")
  func options() throws {
    let options: [(key: SelectionKey, values: [String])] = [
      (.port, ["80", "443"]),
      (.filter, ["sport = :1 or dport = :2", "ip"]),
    ]
    #expect(
      try SelectionVocabulary.parse(options: options, names: FixedNames())
        == .all([
          .any([Self.port(.either, 80), Self.port(.either, 443)]),
          .any([Self.port(.local, 1), Self.port(.peer, 2)]), Self.anyV4,
        ]))
  }

  @Test(
    "Autobound is known only if the kernel's answer and the port range agree",
    arguments: [
      (8080, nil, .no), (40000, nil, .unknown), (40000, true, .yes), (40000, false, .unknown),
      (8080, true, .unknown), (8080, false, .no),
    ] as [(UInt16, Bool?, Verdict)])
  func autobound(port: UInt16, kernelChose: Bool?, verdict: Verdict) throws {
    let filter = try SelectionFilter.parse("autobound", names: FixedNames())
    var row = Connection.row(localPort: port)
    row.isAutobound = kernelChose
    #expect(row.isAutobound == kernelChose)
    #expect(filter.verdict(of: row, owners: UnknownOwners()) == verdict)
    let unreadable = SelectionPredicate.term(.autobound(within: nil))
    #expect(unreadable.verdict(of: row, owners: UnknownOwners()) == .unknown)
  }

  @Test(
    "Filters that select every connection",
    arguments: [
      ("tcp", true), ("state all", true), ("connected", true), ("big", true),
      ("exclude listening", true), ("dst *", true), ("tcp or port 80", true), ("not ! tcp", true),
      ("ip or state all", true), ("state established or exclude established", true),
      ("established", false), ("synchronized", false), ("port 80", false), ("ip", false),
      ("not tcp", false), ("listening", false), ("exclude established", false),
      ("idle >= 1ms", false), ("state all and port 80", false),
    ])
  func everything(filter: String, isEverything: Bool) throws {
    let selection = try SelectionFilter.parse(filter, names: FixedNames())
    #expect(selection.selectsEveryConnection == isEverything)
  }

  @Test("A state group names no state explicitly, alone or with other states")
  func namedStates() throws {
    func named(_ filter: String) throws -> TCPStateSet {
      try SelectionFilter.parse(filter, names: FixedNames()).explicitStates
    }
    #expect(try named("state connected state listen") == TCPState.listen.asSet)
    #expect(try named("exclude established") == [])
    #expect(try named("state all exclude established") == [])
    #expect(try named("fin-wait-1 port 80") == TCPState.finWait1.asSet)
  }
}
