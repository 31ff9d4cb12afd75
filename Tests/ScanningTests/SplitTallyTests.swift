import Connections
import Netlink
import ProcessTable
import Scanning
import Selection
import SystemPackage
import TestSupport
import Testing

/// Counting in two concurrent dumps: every socket once, and a fallback to one dump on failure.
///
/// Each netlink socket has its own fake kernel, because the dumps run concurrently.
@Suite struct SplitTallyTests {
  private final class Kernels {
    var opened: [FakeKernel] = []
    var prepare: (Int, FakeKernel) -> Void = { _, _ in }

    func open() -> any NetlinkTransport {
      let kernel = FakeKernel(SplitTallyTests.sockets)
      prepare(opened.count, kernel)
      opened.append(kernel)
      return kernel.open()
    }

    var requests: [FakeKernel.RecordedDump] { opened.flatMap(\.dumpRequests) }
  }

  /// Sockets in every state and both families, with ports around the split ports.
  private static let sockets: [FakeSocket] = {
    let ports: [UInt16] = [0, 1, 22, 8079, 8080, 8081, 40_000, 65_535]
    var cookie: UInt64 = 0
    return ports.flatMap { local in
      ports.map { peer in
        cookie += 1
        return FakeSocket(cookie: cookie, inode: 1) {
          $0.state = UInt8(1 + cookie % 11)
          $0.localPort = local
          $0.peerPort = peer
          $0.userID = UInt32(cookie % 3)
          guard cookie.isMultiple(of: 3) else { return }
          $0.family = 10
          $0.local = [UInt8](repeating: 0, count: 15) + [1]
          $0.peer = $0.local
        }
      }
    }
  }()

  private func tally(
    _ kernels: Kernels, of selection: SelectionPredicate = .everything,
    splitPort: UInt16? = 8080, threads: Int = 2
  ) throws -> Tally {
    let scanner = Scanner(
      processes: ProcFileSystem(root: "/nonexistent"), controlGroups: nil, threads: threads,
      namespaces: [NamespaceSource(.own) { () throws(NetlinkProblem) in kernels.open() }],
      splitPort: splitPort)
    return try scanner.tally(
      ScanRequest(selection, reading: []),
      at: ScanMoment(bootID: nil, networkNamespace: nil, uptime: 1 << 40, kernelRelease: nil))
  }

  @Test(arguments: [1, 2, 22, 8080, 8081, 40_000, 65_535] as [UInt16])
  func halvesAddUpToTheWhole(port: UInt16) throws {
    for selection in [SelectionPredicate.everything, .term(.user(1)), .term(.idle(atLeast: 5))] {
      let kernels = Kernels()
      let whole = try tally(Kernels(), of: selection, splitPort: nil)
      #expect(try tally(kernels, of: selection, splitPort: port) == whole, "\(selection)")
      #expect(kernels.requests.count == 2)
      #expect(kernels.requests.allSatisfy { $0.family == 0 && $0.program != nil })
      #expect(kernels.requests.compactMap(\.listed).reduce(0, +) == Self.sockets.count)
    }
  }

  @Test func eachHalfListsItsOwnSockets() throws {
    let kernels = Kernels()
    _ = try tally(kernels)
    let high = Self.sockets.count { max($0.localPort, $0.peerPort) >= 8080 }
    #expect(kernels.requests.compactMap(\.listed) == [Self.sockets.count - high, high])
  }

  @Test func oneDumpIsUsedIfTwoHaveNoBenefit() throws {
    let whole = try tally(Kernels(), splitPort: nil)
    for (threads, port) in [(1, 8080), (2, nil), (2, 0)] as [(Int, UInt16?)] {
      let kernels = Kernels()
      #expect(try tally(kernels, splitPort: port, threads: threads) == whole)
      #expect(kernels.requests.count == 1 && kernels.requests[0].program == nil)
    }
  }

  @Test func dumpsWithAProgramOrFewSocketsAreNotSplit() throws {
    for selection in [
      SelectionPredicate.term(.port(.local, 8080...8080)),
      .term(.states(TCPState.closeWait.asSet)),
    ] {
      let kernels = Kernels()
      #expect(
        try tally(kernels, of: selection) == tally(Kernels(), of: selection, splitPort: nil))
      #expect(kernels.requests.count == 1)
    }
  }

  @Test func nothingIsCountedTwiceIfTheKernelRejectsThePrograms() throws {
    let kernels = Kernels()
    kernels.prepare = { _, kernel in kernel.newestCode = 0 }
    #expect(try tally(kernels).both.total == Self.sockets.count)
    #expect(kernels.opened.count == 3)
  }

  @Test(arguments: [0, 1], [NetlinkProblem.overrun, .refused(.noMemory), .interrupted])
  func oneDumpIsUsedIfAHalfFails(failing: Int, problem: NetlinkProblem) throws {
    let kernels = Kernels()
    kernels.prepare = { number, kernel in
      if number == failing { kernel.failDump = { _ in problem } }
    }
    #expect(try tally(kernels) == tally(Kernels(), splitPort: nil))
    #expect(kernels.opened.count == 3)
  }

  @Test func failureOfAllDumpsIsAnError() {
    let kernels = Kernels()
    kernels.prepare = { _, kernel in kernel.failDump = { _ in .refused(.noMemory) } }
    #expect(throws: ScanProblem.cannotList(nil, .refused(.noMemory))) { try tally(kernels) }
  }
}
