import Connections
import ProcessTable
import Scanning
import Selection
import SystemPackage
import TestSupport
import Testing

/// Owners of an earlier scan, shown again.
@Suite struct KnownOwnersTests {
  private let tree = ProcTree()
  private let moment = ScanMoment(
    bootID: "b", networkNamespace: 7, uptime: 1 << 40, kernelRelease: "6.18")
  private let request = ScanRequest(
    SelectionPredicate.everything.limitedToDefaultStates(),
    reading: [.figures, .commands, .controlGroups, .listeners])

  init() {
    tree.process(77, name: "bystander")
    tree.process(100, name: "java", links: [3: "socket:[11]", 4: "socket:[12]"])
  }

  private func scanner(_ sockets: [FakeSocket]) -> Scanner {
    let kernel = FakeKernel(sockets)
    return Scanner(processes: tree.files, threads: 1) { kernel.open() }
  }

  private let sockets = [
    FakeSocket(cookie: 1, inode: 11), FakeSocket(cookie: 2, inode: 12),
    FakeSocket(cookie: 3, inode: 13),
  ]

  private func known() throws -> KnownOwners {
    try #require(KnownOwners(in: try scanner(sockets).scan(request, at: moment)))
  }

  private func pids(_ snapshot: Snapshot) -> [[Int32]] {
    snapshot.connections.map { snapshot.holders(of: $0).map(\.pid) }
  }

  @Test func fewerOrEqualSocketsNeedNoProcessToBeRead() throws {
    let known = try known()
    // If it read the processes now, it would find another owner.
    tree.process(200, name: "thief", links: [3: "socket:[11]"])
    for sockets in [sockets, Array(sockets.prefix(2)), []] {
      let (snapshot, hasRead) = try scanner(sockets).scan(request, knowing: known, at: moment)
      #expect(!hasRead && snapshot.connections.count == sockets.count)
      #expect(pids(snapshot) == [[100], [100], []].prefix(sockets.count).map { $0 })
    }
  }

  @Test func anUnknownOwnerStaysUnknown() throws {
    let (snapshot, _) = try scanner(sockets).scan(request, knowing: known(), at: moment)
    guard case .unknown = snapshot.attribution(of: snapshot.connections[2]) else {
      Issue.record("the owner of the third socket is \(snapshot.connections[2])")
      return
    }
  }

  @Test func aNewSocketMakesItReadAllOwners() throws {
    let known = try known()
    tree.process(200, name: "late", links: [3: "socket:[14]", 5: "socket:[13]"])
    let more = sockets + [FakeSocket(cookie: 4, inode: 14)]
    let (snapshot, hasRead) = try scanner(more).scan(request, knowing: known, at: moment)
    #expect(hasRead && pids(snapshot) == [[100], [100], [200], [200]])
    #expect(snapshot.holders(of: snapshot.connections[3]).first?.command != nil)
  }

  @Test func aNewListenerOfAWaitingConnectionMakesItReadAllOwners() throws {
    let known = try known()
    tree.process(200, name: "server", links: [3: "socket:[20]"])
    let listener = FakeSocket(cookie: 9, inode: 20) { $0.state = 10 }
    let waiting = FakeSocket(cookie: 5, inode: 0)
    let (snapshot, hasRead) = try scanner(sockets + [listener, waiting])
      .scan(request, knowing: known, at: moment)
    #expect(hasRead)
    let (_, hasReadWithout) = try scanner(sockets + [listener])
      .scan(request, knowing: known, at: moment)
    #expect(!hasReadWithout, "no connection waits for the listener")
    #expect(snapshot.connections.count == 4)
  }

  @Test func aListenerThatWasNotSelectedBeforeMakesItReadAllOwners() throws {
    tree.process(200, name: "server", links: [3: "socket:[20]"])
    let listener = FakeSocket(cookie: 9, inode: 20) { $0.state = 10 }
    let earlier = try scanner(sockets + [listener]).scan(request, at: moment)
    let known = try #require(KnownOwners(in: earlier))
    let listening = ScanRequest(
      .term(.states(TCPState.listen.asSet)),
      reading: [.figures, .commands, .controlGroups, .listeners])
    let (snapshot, hasRead) = try scanner(sockets + [listener])
      .scan(listening, knowing: known, at: moment)
    #expect(hasRead && pids(snapshot) == [[200]])
  }

  @Test func aScanWithoutOwnersKnowsNone() throws {
    let snapshot = try scanner(sockets).scan(
      ScanRequest(.everything, reading: .figures), at: moment)
    #expect(KnownOwners(in: snapshot) == nil)
  }
}
