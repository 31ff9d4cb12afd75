import Testing

/// A filter selects what it selects in `ss`, in the same namespace at the same moment.
@Suite(.waitsForPrograms, .needsNamespaces, .enabled(if: Tools.has("ss", "-V"), "needs ss"))
struct FilterAgainstSsTests {
  /// Sockets that differ in family, address, port, state, device and mark.
  final class Scene {
    let namespace: NetworkNamespace
    let client: Peer

    init() throws {
      namespace = try NetworkNamespace()
      client = try namespace.anotherPeer()
      let server = namespace.server
      let plain = try server.listen("plain", port: 8080)
      let other = try server.listen("other", on: "127.0.0.2", port: 9090)
      let six = try server.listen("six", on: "::1", port: 8081)
      let both = try server.listen("both", on: "::", port: 8082, mapped: true)
      let high = try server.listen("high", port: 40_010)
      let low = try server.listen("low", port: 80)
      try connect(40_001, to: plain)
      try connect(40_002, to: other, "127.0.0.2", ["device": "lo"])
      try connect(40_003, to: six, "::1")
      try connect(40_004, to: plain, "127.0.0.1", ["mark": 7])
      try connect(40_005, to: both)
      try connect(40_006, to: both, "::1")
      try connect(40_007, to: high)
      try connect(22, to: low)
      let waiting = try connect(40_008, to: plain)
      try waiting.client.finish()
      let gone = try connect(40_009, to: six, "::1")
      try gone.client.close()
      try gone.server.close()
    }

    @discardableResult
    private func connect(
      _ source: UInt16, to listener: Socket, _ address: String = "127.0.0.1",
      _ extra: [String: JSONValue] = [:]
    ) throws -> (client: Socket, server: Socket) {
      let request = extra.merging(["source_port": .number(Int(source))]) { $1 }
      let near = try client.connect("\(source)", to: address, port: listener.port, request)
      return (near, try listener.peer.accept("\(source)", from: listener))
    }

    /// The ends that `ss` shows, as `local > peer`.
    func ss(_ options: String, _ filter: [String]) throws -> [String] {
      let ended = try Command.run(namespace.entering + ["ss", options] + filter)
      guard ended.status == 0, ended.errors.isEmpty else {
        throw HarnessProblem.fault("ss \(filter): \(ended.errorText)")
      }
      return ended.lines.compactMap { line in
        let ends = line.split(separator: " ").suffix(2).map(Self.end)
        return ends.count == 2 ? "\(ends[0]) > \(ends[1])" : nil
      }.sorted()
    }

    /// The ends that `list` shows.
    func list(_ arguments: [String]) throws -> [String] {
      try namespace.rows(arguments).map { row in
        let ends = [row.local, row.peer].map { end in
          let isAny = ["0.0.0.0", "::", "*"].contains(end.address)
          return "\(isAny ? "*" : end.address) \(end.port)"
        }
        return "\(ends[0]) > \(ends[1])"
      }.sorted()
    }

    /// `[::1]:80`, `127.0.0.2%lo:80` and `*:*` in the form of ``list(_:)``.
    private static func end(_ text: Substring) -> String {
      let colon = text.lastIndex(of: ":") ?? text.endIndex
      let address = text[..<colon].filter { $0 != "[" && $0 != "]" }.prefix { $0 != "%" }
      let port = text[colon...].dropFirst()
      let isAny = address == "0.0.0.0" || address == "::"
      let shown = address.hasPrefix("::ffff:") ? address.dropFirst(7) : address[...]
      return "\(isAny ? "*" : shown) \(port == "*" ? "0" : port)"
    }
  }

  /// Those without a state are asked in the default states and in all.
  static let filters: [String] = [
    // The examples of the manual.
    "state established ( dport = :ssh or sport = :ssh )",
    "state fin-wait-1 ( sport = :http or sport = :https ) dst 193.233.7/24",
    "fwmark = 0x01/0x03",
    // States.
    "state established", "state close-wait", "state time-wait", "state listening", "state all",
    "state connected", "state synchronized", "state bucket", "state big", "state fin-wait-2",
    "exclude established", "exclude listening", "excl time-wait exclude listening",
    "state established state close-wait", "state connected exclude time-wait",
    "state all exclude listening exclude time-wait sport = :8080", "state listening src [::1]",
    "state listening sport gt 8080", "state listening dport = :0", "exclude big",
    // Ports.
    "sport = :8080", "sport 8080", "sport == :8080", "sport eq 8080", "dport = :8080",
    "sport != :8080", "dport ne :8080", "dport neq 8080", "sport > :8080", "sport gt 8080",
    "sport >= :8080", "sport geq 8080", "sport ge :8080", "sport < :8080", "sport lt 8080",
    "sport <= :8080", "sport leq 8080", "sport le 8080", "sport = :http-alt", "sport = 0x1f90",
    "dport > 79 dport < 81", "sport = :*", "dport = *", "sport >= 1 dport >= 40005",
    "sport = inet::8080", "dport = inet6::8082", "sport = inet6:8081", "sport < 1", "sport >= 0",
    // Hosts.
    "src 127.0.0.1", "src = 127.0.0.1", "src 127.0.0.2", "dst 127.0.0.0/8", "dst 127/8",
    "dst 127.0.0.0/255.0.0.0", "dst 127.0.0.1:8080", "src 127.0.0.0/8:8080", "src [::1]",
    "src [::1]:8081", "src [::/64]:8081", "src [::ffff:127.0.0.1]", "src [::ffff:127.0.0.1]:8082",
    "dst [::ffff:127.0.0.0/104]", "src *:8080", "src :8080", "src *", "src *:*", "dst :http",
    "src 0.0.0.0/0", "src ::/0", "src any", "dst all", "src inet:127.0.0.1",
    "src inet6:[::1]:8082", "dst inet:*:8080", "dst 10.0.0.0/8", "src 127.0.0.1/31",
    "src 127.0.0.1:*", "src 127.0.0.1:http-alt",
    // Devices and marks.
    "dev = lo", "dev lo", "dev != lo", "dev 1", "dev = 0", "fwmark = 7", "fwmark 0x07",
    "fwmark = 0x03/0x03", "fwmark != 7", "fwmark != 1/1",
    // Who chose the port.
    "autobound", "not autobound", "autobound or sport = :8080", "sport = :8080 and not autobound",
    "autobound dst 127/8", "not ( autobound or sport = :40001 )", "state listening autobound",
    // Operators.
    "not sport = :8080", "! sport = :8080", "not ! sport = :8080",
    "sport = :8080 or sport = :8081 and dport = :40003",
    "dport = :40001 and sport = :8080 or sport = :8081",
    "sport = :8080 or sport = :8081 dport = :40003", "sport = :8080 | dport = :8080",
    "sport = :8080 || dport = :8080 & dst 127.0.0.1", "sport = :8080 && dport = :40001",
    "not sport = :8080 dport = :8080", "not ( sport = :8080 or dport = :8080 )",
    "! ( sport = :8080 || dport = :8080 ) && src 127/8",
    "( ( sport = :8080 ) or ( ( dport = :8081 ) ) )",
    "not src 127.0.0.1 not src [::1]", "src 127.0.0.1 dst 127.0.0.1 sport > 30000",
    "state established sport = :8080 or dport = :8080",
    "state close-wait sport = :8080 or dport = :8081 and not dport = :8081",
    #"\( sport = :8080 or sport = :8081 \)"#,
  ]

  @Test func everyFilterOfSsSelectsTheSame() throws {
    #expect(Self.filters.count >= 90)
    let scene = try Scene()
    var selecting = 0
    for filter in Self.filters {
      let words = filter.split(separator: " ").map(String.init)
      let namesStates = ["state", "exclude", "excl"].contains(words[0])
      let shown = try expectSame(scene, "-tnH", words, ["--filter", filter])
      if !namesStates { try expectSame(scene, "-tanH", words, ["--state", "all"] + words) }
      if !shown.isEmpty { selecting += 1 }
    }
    #expect(selecting >= 70)
  }

  /// Compares again when they differ: a TIME_WAIT socket may have ended in between.
  @discardableResult
  private func expectSame(
    _ scene: Scene, _ options: String, _ filter: [String], _ arguments: [String]
  ) throws -> [String] {
    var (theirs, ours) = (try scene.ss(options, filter), try scene.list(arguments))
    if theirs != ours {
      (theirs, ours) = (try scene.ss(options, filter), try scene.list(arguments))
    }
    #expect(ours == theirs, "ss \(options) \(filter.joined(separator: " "))")
    return theirs
  }

  @Test func theTermsOfTcpkillSelectWhatSsCallsOtherwise() throws {
    let scene = try Scene()
    let pairs: [(pcap: String, ss: String)] = [
      ("port 8080 and host 127.0.0.1", "( sport = :8080 or dport = :8080 ) src 127.0.0.1"),
      ("port 8080 or 8081", "sport = :8080 or dport = :8080 or sport = :8081 or dport = :8081"),
      ("tcp src port 8080", "sport = :8080"),
      ("dst port 8080 or 8081", "dport = :8080 or dport = :8081"),
      ("src portrange 8080-8081", "sport >= :8080 and sport <= :8081"),
      ("net 127", "src 127.0.0.0/8 or dst 127.0.0.0/8"),
      ("src net 127.0.0.0 mask 255.255.255.254", "src 127.0.0.0/31"),
      ("host ::1 and not port 8082", "src [::1] and not sport = :8082 and not dport = :8082"),
      ("ip and port 8082", "src 0.0.0.0/0 and ( sport = :8082 or dport = :8082 )"),
      ("ip6 and port 8082", "src [::1] and ( sport = :8082 or dport = :8082 )"),
      ("src and dst net 127.0.0.0/8", "src 127.0.0.0/8 dst 127.0.0.0/8"),
      ("src or dst 127.0.0.2", "src 127.0.0.2 or dst 127.0.0.2"),
      (#"src port \( 8080 or 8081 \)"#, "sport = :8080 or sport = :8081"),
      ("tcp", ""),
    ]
    for (pcap, filter) in pairs {
      let words = filter.split(separator: " ").map(String.init)
      let shown = try expectSame(
        scene, "-tnH", words, pcap.split(separator: " ").map(String.init))
      #expect(!shown.isEmpty, "\(pcap)")
    }
  }
}
