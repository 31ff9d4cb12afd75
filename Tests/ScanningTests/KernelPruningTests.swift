import Connections
import Glibc
import Netlink
import ProcessTable
import Selection
import SocketDiagnostics
import TestSupport
import Testing

@testable import Scanning

/// The running kernel omits only sockets that would not have matched.
///
/// All tests use the same scene in a private network namespace: sockets of both families and
/// v4-mapped ones, with several addresses, ports, states, marks and a bound device.
@Suite(.enabled(if: PrivateNetwork.isAllowed, "needs CAP_SYS_ADMIN (a network namespace)"))
struct KernelPruningTests {
  private static let generated = GeneratedSelection(
    ports: [8080, 8081, 9090, 20000, 20010, 20020, 20030, 20040, 20050, 20060],
    addresses: [
      "127.0.0.1", "127.0.0.9", "127.1.2.3", "10.0.0.1", "::1", "::ffff:127.0.0.1", "2001:db8::1",
    ],
    interfaces: [0, 1, 2])

  /// Opens the sockets of the scene, which close with the returned value.
  private static func makeScene() throws -> LoopbackSockets {
    let sockets = LoopbackSockets()
    let plain = try sockets.listen("0.0.0.0", port: 8080)
    let six = try sockets.listen("::1", port: 8081)
    let both = try sockets.listen("::", port: 9090)
    var source: UInt16 = 20000
    func next() -> UInt16 {
      source += 1
      return source
    }
    for index in 0..<12 {
      let from = ["127.0.0.1", "127.0.0.9", "127.1.2.3"][index % 3]
      let four = try sockets.connect(
        from: from, port: next(), to: from, port: 8080, listener: plain,
        device: index % 4 == 0 ? "lo" : nil, mark: UInt32(index % 2))
      let mapped = try sockets.connect(
        from: from, port: next(), to: "127.0.0.1", port: 9090, listener: both)
      let long = try sockets.connect(
        from: "::1", port: next(), to: "::1", port: index % 2 == 0 ? 8081 : 9090,
        listener: index % 2 == 0 ? six : both, mark: UInt32(index % 2))
      if index % 3 == 1 {
        // CLOSE_WAIT at one end, FIN_WAIT2 at the other.
        for near in [four.near, mapped.near, long.near] { try sockets.finish(near) }
      } else if index % 3 == 2 {
        // TIME_WAIT: both ends have sent a FIN.
        for pair in [four, mapped, long] {
          try sockets.finish(pair.near)
          if let far = pair.far { try sockets.finish(far) }
        }
      }
    }
    // These wait in the accept queue.
    try sockets.connect(
      from: "127.0.0.1", port: next(), to: "127.0.0.1", port: 8080, listener: plain, accepts: false)
    try sockets.connect(
      from: "::1", port: next(), to: "::1", port: 8081, listener: six, accepts: false)
    usleep(100_000)
    return sockets
  }

  private static func dump(_ request: DumpRequest) throws -> (rows: [Connection], DumpRequest) {
    var diagnostics = TCPDiagnostics(
      over: try KernelTransport(bus: TCPDiagnostics.bus), uptime: nil)
    var rows: [Connection] = []
    let taken = try diagnostics.dump(request) { rows.append($0) }
    return (rows, taken)
  }

  private static func everything() throws -> [Connection] {
    try AddressFamily.allCases.flatMap { family in
      try dump(
        DumpRequest(family: family, states: .all, details: .figures)
      ).rows
    }
  }

  private static func cookies(_ rows: some Sequence<Connection>) -> [UInt64] {
    rows.map(\.cookie.rawValue).sorted()
  }

  /// Compares a scan for `selection` with the evaluation of every row; both keep undecided rows.
  ///
  /// - Returns: the number of rows that the kernel omitted.
  private static func compare(
    _ selection: SelectionPredicate, with rows: [Connection]
  ) throws -> Int {
    let scanner = Scanner(
      processes: ProcFileSystem(), threads: 1,
      openTransport: { () throws(NetlinkProblem) in
        try KernelTransport(bus: TCPDiagnostics.bus)
      })
    let snapshot = try scanner.scan(
      ScanRequest(selection, reading: [], keepsUndecided: true),
      at: ScanMoment(bootID: nil, networkNamespace: nil, uptime: nil, kernelRelease: nil))
    let prepared = PreparedSelection(selection)
    let found = Set(snapshot.connections.map(\.cookie))
    let expected = Set(
      rows.filter { prepared.verdict(of: $0, owners: UnknownOwners()) != .no }.map(\.cookie))
    let isSame = found == expected
    #expect(isSame, "\(selection)")
    return rows.count - snapshot.listed
  }

  @Test func pruningDoesNotChangeRandomSelections() throws {
    try PrivateNetwork.run {
      let scene = try Self.makeScene()
      let rows = try Self.everything()
      #expect(rows.count > 60)
      let states = Set(rows.map(\.state))
      #expect(states.isSuperset(of: [.established, .closeWait, .finWait2, .timeWait, .listen]))
      #expect(rows.contains { $0.identity.family == .ipv6 && $0.local.address.isV4OrMapped })
      var generator = Seeded(51)
      var pruned = 0
      for _ in 0..<300 {
        pruned += try Self.compare(
          Self.generated.predicate(depth: 3, &generator), with: rows)
      }
      #expect(pruned > 5000, "the kernel omitted \(pruned) rows")
      _ = scene
    }
  }

  @Test func pruningDoesNotChangeSelectionsOfManyPortsAndHosts() throws {
    try PrivateNetwork.run {
      let scene = try Self.makeScene()
      let rows = try Self.everything()
      let ports = (0..<400).map {
        SelectionPredicate.term(.port(.either, UInt16(19_800 + $0)...UInt16(19_800 + $0)))
      }
      let hosts = (0..<350).map { number in
        SelectionPredicate.term(
          .address(.peer, AddressBlock(IPAddress(v4: 0x7f00_0000 + UInt32(number * 3)))))
      }
      for selection in [
        SelectionPredicate.all([.any(ports), .any(hosts)]), .not(.any(ports)),
        .all([.not(.any(hosts)), .any(ports)]), .any(ports + hosts),
        .not(.all([.not(.any(ports)), .not(.any(hosts))])),
      ] { _ = try Self.compare(selection, with: rows) }
      // More than fits into a program.
      let many = (1...9000).map {
        SelectionPredicate.term(.port(.either, UInt16($0 * 7)...UInt16($0 * 7)))
      }
      let narrow = SelectionPredicate.term(.port(.either, 9090...9090))
      _ = try Self.compare(.any(many), with: rows)
      let pruned = try Self.compare(.all([.not(.any(many)), narrow]), with: rows)
      #expect(pruned > 20)
      _ = scene
    }
  }

  @Test func kernelRunsProgramsLikeTheModel() throws {
    try PrivateNetwork.run {
      let scene = try Self.makeScene()
      let rows = try Self.everything()
      var generator = Seeded(52)
      var generated = Self.generated
      generated.isForKernelOnly = true
      var programs = 0
      for _ in 0..<150 {
        let selection = generated.predicate(depth: 4, &generator)
        for family in AddressFamily.allCases {
          let condition = SelectionSplit(of: selection, family: family).condition
          guard let bytecode = InetDiagBytecode(condition) else { continue }
          let request = DumpRequest(
            family: family, states: .all, details: [],
            bytecode: bytecode)
          let answer = try Self.dump(request)
          #expect(answer.1 == request, "this kernel supports every instruction")
          let program = DiagProgram(bytecode.bytes)
          let expected = rows.filter {
            $0.identity.family == family && program.accepts($0.entry)
          }
          let isSame = Self.cookies(answer.rows) == Self.cookies(expected)
          #expect(isSame, "\(family) \(condition)")
          programs += 1
        }
      }
      #expect(programs > 100)
      _ = scene
    }
  }

  @Test func oneDumpOfBothFamiliesEqualsTwoDumps() throws {
    try PrivateNetwork.run {
      let scene = try Self.makeScene()
      let rows = try Self.everything()
      var generator = Seeded(53)
      var generated = Self.generated
      generated.isForKernelOnly = true
      for round in 0..<50 {
        let selection =
          round == 0 ? .everything : generated.predicate(depth: 3, &generator)
        // Both families get the IPv4 condition, which may differ from the IPv6 one.
        let condition = SelectionSplit(of: selection, family: .ipv4).condition
        let bytecode = InetDiagBytecode(condition)
        let request = DumpRequest(
          families: .both, states: .all, details: .figures, bytecode: bytecode)
        let answer = try Self.dump(request)
        #expect(answer.1 == request, "this kernel lists both families at once")
        let program = bytecode.map { DiagProgram($0.bytes) }
        let expected = rows.filter { program?.accepts($0.entry) != false }
        let isSame = Self.cookies(answer.rows) == Self.cookies(expected)
        #expect(isSame, "\(condition)")
        #expect(
          answer.rows.allSatisfy { $0.cgroupID != nil || $0.state == .timeWait || $0.inode == 0 },
          "rows have the same details as in a dump of one family")
      }
      _ = scene
    }
  }

  @Test func halvesAddUpToTheWholeForAnyPort() throws {
    try PrivateNetwork.run {
      let scene = try Self.makeScene()
      let moment = ScanMoment(bootID: nil, networkNamespace: nil, uptime: nil, kernelRelease: nil)
      for selection in [SelectionPredicate.everything, .term(.states(.all)), .term(.user(0))] {
        func tally(splitPort: UInt16?) throws -> Tally {
          var conversations = 0
          let tally = try Scanner(
            processes: ProcFileSystem(), controlGroups: nil, threads: 2,
            namespaces: [
              NamespaceSource(.own) { () throws(NetlinkProblem) in
                conversations += 1
                return try KernelTransport(bus: TCPDiagnostics.bus)
              }
            ], splitPort: splitPort
          ).tally(ScanRequest(selection, reading: []), at: moment)
          #expect(conversations == (splitPort == nil ? 1 : 2), "no retries")
          return tally
        }
        let whole = try tally(splitPort: nil)
        #expect(whole.both.total > 40)
        for port in [1, 80, 8081, 9090, 20_010, 20_030, .max] as [UInt16] {
          #expect(try tally(splitPort: port) == whole, "\(port)")
        }
      }
      _ = scene
    }
  }

  @Test func kernelComparesMarksIfAllRowsHaveThem() throws {
    try PrivateNetwork.run {
      let scene = try Self.makeScene()
      let rows = try Self.everything()
      let marked = SelectionPredicate.term(.mark(1, mask: 1))
      let established = SelectionPredicate.term(.states(TCPState.established.asSet))
      #expect(try Self.compare(.all([established, marked]), with: rows) > 10)
      #expect(try Self.compare(.all([established, .not(marked)]), with: rows) > 10)
      _ = try Self.compare(marked, with: rows)
      _ = try Self.compare(.not(marked), with: rows)
      _ = scene
    }
  }
}

extension Connection {
  /// The values of the socket that the kernel compares.
  fileprivate var entry: DiagProgram.Entry {
    func octets(_ bits: UInt128) -> [UInt8] {
      let count = identity.family == .ipv4 ? 4 : 16
      return (0..<count).map { UInt8(truncatingIfNeeded: bits >> UInt128(8 * (count - 1 - $0))) }
    }
    var entry = DiagProgram.Entry(
      family: identity.family.rawValue, localPort: identity.localPort,
      peerPort: identity.peerPort, local: octets(identity.localBits),
      peer: octets(identity.peerBits))
    entry.interface = identity.interface
    entry.mark = mark ?? 0
    return entry
  }
}
