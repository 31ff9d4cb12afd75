import Connections
import ProcessTable
import Scanning
import Selection
import TestSupport
import Testing

/// Scans with the history of earlier runs.
@Suite struct HistoryScanTests {
  private let uptime: UInt64 = 1 << 40

  private func scan(
    _ sockets: [FakeSocket], _ term: SelectionTerm, seen ages: [UInt64: UInt64]
  ) throws -> Snapshot {
    let kernel = FakeKernel(sockets)
    let tree = ProcTree()
    tree.process(77, name: "bystander")
    let scanner = Scanner(processes: tree.files, threads: 1) { kernel.open() }
    let moment = ScanMoment(bootID: "b", networkNamespace: 7, uptime: uptime, kernelRelease: nil)
    let all = try scanner.scan(ScanRequest(.everything, reading: [.figures]), at: moment)
    #expect(!all.hasHistory)
    var remembered: [SocketCookie: RememberedConnection] = [:]
    for connection in all.connections {
      guard let age = ages[connection.cookie.rawValue] else { continue }
      remembered[connection.cookie] = RememberedConnection(connection, at: uptime - age)
    }
    return try scanner.scan(
      ScanRequest(
        .term(term), reading: [.figures], past: PastConnections(remembered, at: uptime)),
      at: moment)
  }

  @Test func ageSelectsConnectionsFromTheHistory() throws {
    let sockets = (1...3).map { FakeSocket(cookie: $0, inode: 10) }
    let snapshot = try scan(sockets, .age(atLeast: 5000), seen: [1: 5000, 2: 4999])
    #expect(snapshot.connections.map(\.cookie.rawValue) == [1])
    #expect(snapshot.undecided == 2, "the age of the others is unknown")
    #expect(snapshot.hasHistory)
    #expect(snapshot.past(of: snapshot.connections[0])?.age == 5000)
  }

  @Test func idleSelectsConnectionsAfterTheKernelCounterWraps() throws {
    let day: UInt64 = 86_400_000
    let sockets = (1...2).map { cookie in
      FakeSocket(cookie: cookie, inode: 10) { $0.info = .idle(1000) }
    }
    let snapshot = try scan(sockets, .idle(atLeast: 50 * day), seen: [1: 50 * day])
    #expect(snapshot.connections.map(\.cookie.rawValue) == [1])
  }

  @Test func tallyUsesTheHistory() throws {
    let kernel = FakeKernel((1...2).map { FakeSocket(cookie: $0, inode: 10) })
    let scanner = Scanner(processes: ProcTree().files, threads: 1) { kernel.open() }
    let moment = ScanMoment(bootID: "b", networkNamespace: 7, uptime: uptime, kernelRelease: nil)
    let all = try scanner.scan(ScanRequest(.everything, reading: [.figures]), at: moment)
    let first = all.connections[0]
    let past = PastConnections(
      [first.cookie: RememberedConnection(first, at: uptime - 10)], at: uptime)
    let tally = try scanner.tally(
      ScanRequest(.term(.age(atLeast: 10)), reading: [], past: past), at: moment)
    #expect(tally.undecided == 1)
  }
}
