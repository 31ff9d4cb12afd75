import Connections
import Glibc
import Netlink
import ProcessTable
import Selection
import SocketDiagnostics
import SystemPackage
import TestSupport
import Testing

@testable import Scanning

/// The requests of a scan to the kernel; pruning in the kernel must not change the result.
@Suite struct DumpPlanTests {
  private static let generated = GeneratedSelection(
    ports: [22, 80, 443, 8080, 40000, 40001],
    addresses: ["127.0.0.1", "10.0.0.5", "10.0.0.9", "::1", "::ffff:10.0.0.5", "2001:db8::1"],
    interfaces: [0, 1, 2])

  private static let sockets: [FakeSocket] = {
    var generator = Seeded(41)
    let short: [[UInt8]] = [[127, 0, 0, 1], [10, 0, 0, 5], [10, 0, 0, 9], [192, 168, 1, 100]]
    let long =
      short.map { [UInt8](repeating: 0, count: 10) + [255, 255] + $0 }
      + [
        [UInt8](repeating: 0, count: 15) + [1],
        [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [1],
      ]
    return (1...200).map { number in
      var socket = FakeSocket(cookie: UInt64(number), inode: UInt32(number % 7))
      socket.family = Bool.random(using: &generator) ? 2 : 10
      // The kernel lists no socket in TCP_CLOSE (7), only sockets that are just bound (13).
      let state = UInt8.random(in: 1...11, using: &generator)
      socket.state = state == 7 ? 13 : state
      let addresses = socket.family == 2 ? short : long
      socket.local = addresses.randomElement(using: &generator) ?? short[0]
      socket.peer = addresses.randomElement(using: &generator) ?? short[0]
      socket.localPort = generated.ports.randomElement(using: &generator) ?? 1
      socket.peerPort = [0, 80, 443, 40001, 50000].randomElement(using: &generator) ?? 1
      socket.interface = UInt32.random(in: 0...2, using: &generator)
      socket.userID = Bool.random(using: &generator) ? 0 : 1000
      socket.receiveQueue = UInt32.random(in: 0...1, using: &generator)
      socket.info = Bool.random(using: &generator) ? .idle(5000) : nil
      // Old kernels do not report the marks of minisockets.
      let isMini = [3, 5, 6].contains(socket.state)
      socket.mark = isMini ? nil : UInt32.random(in: 0...1, using: &generator)
      return socket
    }
  }()

  private static let rows: [Connection] = {
    var diagnostics = TCPDiagnostics(over: FakeKernel(sockets).open(), uptime: nil)
    var rows: [Connection] = []
    let request = DumpRequest(
      families: .both, states: TCPStateSet(rawValue: .max), details: .figures)
    _ = try? diagnostics.dump(request) { rows.append($0) }
    return rows
  }()

  /// A `/proc` with one process that holds no sockets.
  private static let processes: FilePath = {
    var template = Array("/tmp/connreap-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { preconditionFailure("mkdtemp") }
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    for directory in ["/1", "/1/fd"] { mkdir(path + directory, 0o700) }
    return FilePath(path)
  }()

  private func scan(
    _ selection: SelectionPredicate, _ kernel: FakeKernel,
    details: ScanRequest.Details = [], keepsUndecided: Bool = false
  ) throws -> Snapshot {
    let scanner = Scanner(
      processes: ProcFileSystem(root: Self.processes), threads: 1,
      openTransport: { () throws(NetlinkProblem) in kernel.open() })
    return try scanner.scan(
      ScanRequest(selection, reading: details, keepsUndecided: keepsUndecided),
      at: ScanMoment(bootID: nil, networkNamespace: nil, uptime: nil, kernelRelease: nil))
  }

  /// The rows with this verdict, without pruning in the kernel.
  private func expected(_ selection: SelectionPredicate, _ verdict: Verdict) -> [UInt64] {
    let prepared = PreparedSelection(selection)
    return Self.rows.filter { prepared.verdict(of: $0, owners: UnknownOwners()) == verdict }
      .map(\.cookie.rawValue)
  }

  // MARK: Completeness

  @Test(arguments: [UInt8(12), 10, 8, 0])
  func resultDoesNotDependOnSupportedInstructions(newestCode: UInt8) throws {
    var generator = Seeded(42)
    var saved = 0
    for number in 0..<150 {
      let selection = Self.generated.predicate(depth: 3, &generator)
      let kernel = FakeKernel(Self.sockets)
      kernel.newestCode = newestCode
      kernel.mayCompareMarks = number.isMultiple(of: 2)
      let snapshot = try scan(selection, kernel)
      let found = snapshot.connections.map(\.cookie.rawValue).sorted()
      #expect(found == expected(selection, .yes), "\(selection)")
      #expect(snapshot.undecided == expected(selection, .unknown).count, "\(selection)")
      saved += Self.sockets.count - kernel.dumpRequests.compactMap(\.listed).reduce(0, +)
      if !snapshot.isPrunedByKernel {
        let all = Self.rows.filter { selection.stateMask.contains($0.state) }
        #expect(snapshot.listed == all.count, "\(selection)")
      }
    }
    #expect(saved > (newestCode == 0 ? 1000 : 6000), "the kernel omitted \(saved) rows")
  }

  @Test func programAcceptsEveryRowThatMayMatch() {
    var generator = Seeded(43)
    for _ in 0..<400 {
      let selection = Self.generated.predicate(depth: 4, &generator)
      let plans = ScanRequest(selection, reading: []).dumps
      let prepared = PreparedSelection(selection)
      var programs: [AddressFamily: DiagProgram] = [:]
      for plan in plans {
        programs[plan.split.family] = plan.program.map { DiagProgram($0.bytes) }
        #expect(programs[plan.split.family]?.refusal() == nil)
      }
      for (socket, row) in zip(Self.sockets, Self.rows)
      where prepared.verdict(of: row, owners: UnknownOwners()) != .no {
        let family = row.identity.family
        let request = plans.first { $0.split.family == family }?.request
        let isListed =
          request?.states.contains(row.state) == true
          && programs[family]?.accepts(socket.entry) != false
        #expect(isListed, "\(selection)")
      }
    }
  }

  @Test func kernelEvaluatesSelectionsThatItSupportsCompletely() throws {
    var generator = Seeded(44)
    var generated = Self.generated
    generated.isForKernelOnly = true
    for _ in 0..<200 {
      let selection = SelectionPredicate.all([
        .term(.states(.all)), generated.predicate(depth: 4, &generator),
      ])
      let snapshot = try scan(selection, FakeKernel(Self.sockets))
      #expect(snapshot.listed == snapshot.connections.count, "\(selection)")
      #expect(snapshot.connections.map(\.cookie.rawValue).sorted() == expected(selection, .yes))
    }
  }

  // MARK: Requests

  @Test func identicalRequestsForBothFamiliesAreCombined() throws {
    func families(_ selection: SelectionPredicate) throws -> [UInt8] {
      let kernel = FakeKernel(Self.sockets)
      _ = try scan(selection, kernel)
      return kernel.dumpRequests.map(\.family)
    }
    let short = SelectionPredicate.term(
      .address(.local, AddressBlock(IPAddress(v4: 0x0a00_0001))))
    let long = SelectionPredicate.term(
      .address(.local, AddressBlock(IPAddress(bits: 1, family: .ipv6))))
    #expect(try families(.everything) == [0])
    #expect(try families(.term(.port(.local, 80...80))) == [0])
    #expect(try families(short) == [0], "an IPv6 socket may have a v4-mapped address")
    #expect(try families(long) == [10])
    #expect(try families(.not(long)) == [2, 10])
    #expect(try families(.any([.term(.family(.ipv6)), .term(.port(.local, 80...80))])) == [2, 10])
  }

  @Test func resultIsTheSameIfTheKernelCannotCombineFamilies() throws {
    var generator = Seeded(45)
    for _ in 0..<50 {
      let selection = Self.generated.predicate(depth: 3, &generator)
      let kernel = FakeKernel(Self.sockets)
      kernel.listsBothFamilies = false
      let snapshot = try scan(selection, kernel)
      #expect(
        snapshot.connections.map(\.cookie.rawValue).sorted() == expected(selection, .yes))
      #expect(snapshot.undecided == expected(selection, .unknown).count)
    }
  }

  @Test func familyThatCannotMatchIsNotDumped() throws {
    let kernel = FakeKernel(Self.sockets)
    let snapshot = try scan(.term(.family(.ipv6)), kernel)
    #expect(kernel.dumpRequests.map(\.family) == [10])
    #expect(snapshot.isPrunedByKernel, "the IPv4 sockets were not counted")
    #expect(try !scan(.everything, FakeKernel(Self.sockets)).isPrunedByKernel)
    #expect(try !scan(.term(.user(0)), FakeKernel(Self.sockets)).isPrunedByKernel)
    #expect(try scan(.term(.port(.local, 1...1)), FakeKernel(Self.sockets)).isPrunedByKernel)
  }

  @Test func kernelThatRejectsTheProgramPrunesNothing() throws {
    let kernel = FakeKernel(Self.sockets)
    kernel.newestCode = 0
    let snapshot = try scan(.term(.port(.local, 80...80)), kernel)
    // Sockets that are only bound are listed only if the selection names their state.
    let listed = Self.sockets.count { $0.state != 13 }
    #expect(!snapshot.isPrunedByKernel && snapshot.listed == listed)
  }

  @Test func figuresAreRequestedOnlyIfNeeded() {
    func details(_ term: SelectionTerm, _ reading: ScanRequest.Details = []) -> [UInt8] {
      ScanRequest(.term(term), reading: reading).dumps.compactMap { $0.request?.details.rawValue }
    }
    #expect(details(.port(.local, 1...1)) == [0, 0])
    #expect(details(.idle(atLeast: 1)) == [2, 2])
    #expect(details(.pid(1)) == [0, 0])
    #expect(details(.pid(1), [.congestion]) == [8, 8])
  }

  // MARK: Listeners

  private static func queue(_ change: (inout FakeSocket) -> Void = { _ in }) -> [FakeSocket] {
    [
      FakeSocket(cookie: 1, inode: 0) { change(&$0) },
      FakeSocket(cookie: 2, inode: 77) {
        $0.state = 10
        $0.peerPort = 0
        change(&$0)
      },
      FakeSocket(cookie: 3, inode: 78) {
        $0.state = 10
        $0.localPort = 9
      },
    ]
  }

  private static let closedPort = SelectionPredicate.all([
    .term(.states(.connected)), .term(.port(.peer, 40000...40000)),
  ])

  @Test func listenersAreListedIfAConnectionIsInAnAcceptQueue() throws {
    let kernel = FakeKernel(Self.queue())
    let snapshot = try scan(Self.closedPort, kernel, details: .owners)
    #expect(snapshot.listeners.map(\.cookie.rawValue) == [2, 3])
    #expect(snapshot.connections.map(\.cookie.rawValue) == [1])
    #expect(snapshot.listed == 1)
    #expect(kernel.dumpRequests.map(\.family) == [0, 2], "only the waiting family")
    #expect(kernel.dumpRequests.last?.states == 1 << 10)
    #expect(kernel.dumpRequests.last?.program == nil)
    #expect(kernel.dumpRequests.last?.details == 0)
  }

  @Test func listenersAreNotListedOtherwise() throws {
    let held = [FakeSocket(cookie: 1, inode: 5)] + Self.queue().dropFirst()
    for (sockets, details) in [
      (held, ScanRequest.Details.owners), (Self.queue(), .figures), ([], .owners),
    ] {
      let kernel = FakeKernel(sockets)
      let snapshot = try scan(Self.closedPort, kernel, details: details)
      #expect(kernel.dumps == 1 && snapshot.listeners.isEmpty)
    }
    let kernel = FakeKernel(Self.queue())
    _ = try scan(
      .all([Self.closedPort, .term(.port(.local, 1...1))]), kernel, details: .owners)
    #expect(kernel.dumps == 1, "the waiting connection is not selected")
  }

  @Test func selectedListenersAreListedAgainOnlyIfSomeWereOmitted() throws {
    let all = FakeKernel(Self.queue())
    let whole = try scan(.term(.states(.all)), all, details: .owners)
    #expect(all.dumps == 1 && whole.listeners.count == 2)
    let some = FakeKernel(Self.queue())
    let pruned = try scan(
      .all([.term(.states(.all)), .term(.port(.local, 8080...8080))]), some, details: .owners)
    #expect(some.dumps == 2)
    #expect(pruned.listeners.map(\.cookie.rawValue) == [2, 3], "no duplicates")
    #expect(pruned.connections.map(\.cookie.rawValue) == [1, 2])
    #expect(pruned.listed == 2)
  }

  @Test func failureToListListenersIsAnError() {
    let kernel = FakeKernel(Self.queue())
    kernel.failDump = { $0 == 2 ? .refused(.noMemory) : nil }
    #expect(throws: ScanProblem.cannotList(.ipv4, .refused(.noMemory))) {
      try scan(Self.closedPort, kernel, details: .owners)
    }
  }

  @Test func listingListenersIsRetried() throws {
    let kernel = FakeKernel(Self.queue())
    kernel.failDump = { $0 == 2 ? .overrun : nil }
    let snapshot = try scan(Self.closedPort, kernel, details: .owners)
    #expect(snapshot.listeners.map(\.cookie.rawValue) == [2, 3])
    #expect(kernel.dumps == 3)
  }

  @Test func queueIsUnknownInARecordingWithoutListeners() throws {
    let kernel = FakeKernel(Self.queue())
    var recording = Recording()
    let scanner = { (open: @escaping () throws(NetlinkProblem) -> any NetlinkTransport) in
      Scanner(
        processes: ProcFileSystem(root: Self.processes), threads: 1, openTransport: open)
    }
    let moment = ScanMoment(
      bootID: nil, networkNamespace: nil, uptime: nil, kernelRelease: nil)
    _ = try scanner { () throws(NetlinkProblem) in
      RecordingTransport(kernel.open()) { recording.entries.append($0) }
    }.scan(ScanRequest(Self.closedPort, reading: []), at: moment)
    let replay = ReplayTransport(recording)
    let snapshot = try scanner { () throws(NetlinkProblem) in replay }
      .scan(ScanRequest(Self.closedPort, reading: .owners), at: moment)
    let waiting = try #require(snapshot.connections.first)
    guard case .unknown = snapshot.attribution(of: waiting) else {
      Issue.record("\(snapshot.attribution(of: waiting))")
      return
    }
  }
}
