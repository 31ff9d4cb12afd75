import Connections
import Netlink
import TestSupport
import Testing

@testable import SocketDiagnostics

@Suite struct RefusedBytecodeTests {
  private let sockets = [
    FakeSocket(cookie: 1, inode: 5) { $0.localPort = 80 },
    FakeSocket(cookie: 2, inode: 6) { $0.localPort = 81 },
  ]

  private func cookies(
    _ condition: KernelCondition, _ kernel: FakeKernel
  ) throws -> (cookies: [UInt64], taken: DumpRequest) {
    var diagnostics = TCPDiagnostics(over: kernel.open(), uptime: nil)
    var cookies: [UInt64] = []
    let taken = try diagnostics.dump(
      DumpRequest(
        family: .ipv4, states: .all, details: [], bytecode: InetDiagBytecode(condition))
    ) { cookies.append($0.cookie.rawValue) }
    return (cookies, taken)
  }

  @Test func oldKernelGetsRangesInsteadOfEqualPorts() throws {
    let kernel = FakeKernel(sockets)
    kernel.newestCode = 10
    let answer = try cookies(.port(.local, 80...80), kernel)
    #expect(answer.cookies == [1])
    #expect(answer.taken.bytecode?.instructionCount == 2)
    #expect(kernel.dumpRequests.map(\.listed) == [nil, 1])
  }

  @Test func markIsOmittedWithoutTheCapability() throws {
    let kernel = FakeKernel(sockets)
    kernel.mayCompareMarks = false
    let answer = try cookies(.all([.mark(0, mask: 1), .port(.local, 80...80)]), kernel)
    #expect(answer.cookies == [1])
    #expect(answer.taken.bytecode?.condition == .port(.local, 80...80))
  }

  @Test func kernelWithoutProgramsListsEverything() throws {
    let kernel = FakeKernel(sockets)
    kernel.newestCode = 0
    let answer = try cookies(.all([.interface(0), .port(.local, 80...80)]), kernel)
    #expect(answer.cookies == [1, 2])
    #expect(answer.taken.bytecode == nil)
    #expect(kernel.dumpRequests.last?.program == nil)
  }

  @Test func refusalWithoutAProgramIsThrown() throws {
    for code in [Int32(-22), -1, -2] {
      let transport = ScriptedTransport(WireBytes.error(code))
      var diagnostics = TCPDiagnostics(over: transport, uptime: nil)
      #expect(throws: NetlinkProblem.self) {
        try diagnostics.dump(DumpRequest(family: .ipv4, states: .all, details: [])) { _ in }
      }
      #expect(transport.sent.count == 1)
    }
  }

  @Test func refusalAfterARowIsThrown() throws {
    let transport = ScriptedTransport(
      WireBytes.message(type: 20, payload: sockets[0].row), WireBytes.done(-22))
    var diagnostics = TCPDiagnostics(over: transport, uptime: nil)
    let bytecode = InetDiagBytecode(.port(.local, 80...80))
    #expect(throws: NetlinkProblem.self) {
      try diagnostics.dump(
        DumpRequest(family: .ipv4, states: .all, details: [], bytecode: bytecode)
      ) { _ in }
    }
    #expect(transport.sent.count == 1)
  }
}
