import Connections
import Netlink
import SystemPackage
import TestSupport
import Testing

@testable import SocketDiagnostics

/// Dumps of both families, in one request or two.
@Suite struct BothFamiliesTests {
  private static let sockets = (1...6).map { number in
    FakeSocket(cookie: UInt64(number), inode: 1) {
      $0.localPort = 8000 + UInt16(number)
      guard number.isMultiple(of: 2) else { return }
      $0.state = 8
      $0.family = 10
      $0.local = [UInt8](repeating: 0, count: 15) + [1]
      $0.peer = $0.local
    }
  }

  private func request(_ condition: KernelCondition? = nil) -> DumpRequest {
    DumpRequest(
      families: .both, states: .all, details: .figures,
      bytecode: condition.flatMap { InetDiagBytecode($0) })
  }

  private func dump(
    _ request: DumpRequest, over transport: any NetlinkTransport
  ) throws -> (rows: [Connection], taken: DumpRequest) {
    var diagnostics = TCPDiagnostics(over: transport, uptime: nil)
    var rows: [Connection] = []
    let taken = try diagnostics.dump(request) { rows.append($0) }
    return (rows, taken)
  }

  @Test func bothFamiliesUseOneRequestOfTheOldKind() throws {
    let transport = ScriptedTransport(WireBytes.done())
    let condition = KernelCondition.port(.local, 80...80)
    let bytecode = try #require(InetDiagBytecode(condition))
    _ = try dump(
      DumpRequest(
        families: .both, states: TCPStateSet([.established, .closeWait]), details: .figures,
        bytecode: bytecode), over: transport)
    let sent = try #require(transport.sent.first)
    #expect(transport.sent.count == 1)
    #expect(sent.span.uint16(at: 4) == 18 && sent.span.uint16(at: 6) == 0x301, "TCPDIAG_GETSOCK")
    #expect(Array(sent[16..<20]) == [0, 0, 0, 2], "family, prefix lengths, INFO")
    #expect(sent[20..<68].allSatisfy { $0 == 0 }, "no identity")
    #expect(sent.span.uint32(at: 68) == 1 << 1 | 1 << 8)
    #expect(sent.span.uint32(at: 72) == 0)
    #expect(sent.span.uint16(at: 76) == UInt16(4 + bytecode.bytes.count))
    #expect(sent.span.uint16(at: 78) == 1, "INET_DIAG_REQ_BYTECODE")
    #expect(Array(sent[80...]) == bytecode.bytes)
  }

  @Test func rowsHaveTheirFamily() throws {
    let kernel = FakeKernel(Self.sockets)
    let rows = try dump(request(), over: kernel.open()).rows
    #expect(rows.map(\.cookie.rawValue) == Array(1...6), "in the order of the kernel's table")
    #expect(rows.map { $0.identity.family == .ipv6 } == (1...6).map { $0.isMultiple(of: 2) })
    #expect(kernel.dumps == 1)
    var diagnostics = TCPDiagnostics(over: kernel.open(), uptime: nil)
    var counts: [AddressFamily: [TCPState]] = [:]
    try diagnostics.dumpStates(request()) { counts[$0, default: []].append($1) }
    #expect(
      counts == [
        .ipv4: [.established, .established, .established],
        .ipv6: [.closeWait, .closeWait, .closeWait],
      ])
  }

  @Test func unknownFamilyIsAnError() {
    let socket = FakeSocket(cookie: 1, inode: 1) { $0.family = 7 }
    let transport = ScriptedTransport(
      WireBytes.message(type: 18, payload: socket.row), WireBytes.done())
    var diagnostics = TCPDiagnostics(over: transport, uptime: nil)
    #expect(throws: NetlinkProblem.malformed(MalformedDatagram(.impossibleValue(7), at: 16))) {
      try diagnostics.dumpStates(request()) { _, _ in }
    }
  }

  @Test func familiesAreRequestedInTurnIfBothAreRefused() throws {
    let kernel = FakeKernel(Self.sockets)
    kernel.listsBothFamilies = false
    let wanted = request(.port(.local, 8000...8004))
    let answer = try dump(wanted, over: kernel.open())
    #expect(answer.rows.map(\.cookie.rawValue) == [1, 3, 2, 4])
    #expect(answer.taken == wanted)
    #expect(kernel.dumpRequests.map(\.family) == [2, 10])
    #expect(kernel.dumpRequests.allSatisfy { $0.program == wanted.bytecode?.bytes })
  }

  @Test func recordingOfEachFamilyAnswersForBoth() throws {
    let kernel = FakeKernel(Self.sockets)
    var recording = Recording()
    for family in AddressFamily.allCases {
      let recorder = RecordingTransport(kernel.open()) { recording.entries.append($0) }
      _ = try dump(
        DumpRequest(family: family, states: .all, details: .figures), over: recorder)
    }
    let rows = try dump(request(), over: ReplayTransport(recording)).rows
    #expect(rows.map(\.cookie.rawValue) == [1, 3, 5, 2, 4, 6])
  }

  @Test func oldKernelGetsAWeakerProgramForBothFamilies() throws {
    let kernel = FakeKernel(Self.sockets)
    kernel.newestCode = 0
    let answer = try dump(request(.port(.local, 8000...8004)), over: kernel.open())
    #expect(answer.rows.count == 6 && answer.taken.bytecode == nil)
    #expect(answer.taken.families == .both)
    #expect(kernel.dumpRequests.allSatisfy { $0.family == 0 })
  }

  @Test func bytecodeRefusedForTheFirstFamilyIsNotTriedForTheSecond() throws {
    let kernel = FakeKernel(Self.sockets)
    kernel.listsBothFamilies = false
    kernel.newestCode = 0
    let answer = try dump(request(.port(.local, 8000...8004)), over: kernel.open())
    #expect(answer.rows.count == 6 && answer.taken.bytecode == nil)
    #expect(kernel.dumpRequests.last?.program == nil)
    #expect(kernel.dumpRequests.count { $0.family == 10 } == 1)
  }

  @Test func refusalForBothAndForOneIsAnError() {
    let kernel = FakeKernel([])
    kernel.failDump = { _ in .refused(.noSuchFileOrDirectory) }
    #expect(throws: NetlinkProblem.refused(.noSuchFileOrDirectory)) {
      try dump(request(), over: kernel.open())
    }
    #expect(kernel.dumpRequests.map(\.family) == [0, 2])
  }

  /// The caller must discard the rows so far before a retry.
  @Test(arguments: [NetlinkProblem.overrun, .interrupted, .refused(.noMemory)])
  func dumpThatFailsHalfwayIsNotRetried(problem: NetlinkProblem) {
    let kernel = FakeKernel(Self.sockets)
    kernel.failDump = { _ in problem }
    #expect(throws: problem) { try dump(request(), over: kernel.open()) }
    #expect(kernel.dumps == 1)
  }

  @Test func familiesAreNormalized() {
    #expect(DumpRequest.Families([]) == nil)
    #expect(DumpRequest.Families([.ipv6]) == .only(.ipv6))
    #expect(DumpRequest.Families([.ipv6, .ipv6]) == .only(.ipv6))
    #expect(DumpRequest.Families([.ipv4, .ipv6]) == .both)
    #expect(DumpRequest.Families.both.members == [.ipv4, .ipv6])
    #expect(DumpRequest.Families.only(.ipv6).members == [.ipv6])
  }
}
