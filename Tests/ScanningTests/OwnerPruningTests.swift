import Connections
import Netlink
import ProcessTable
import Scanning
import Selection
import SystemPackage
import TestSupport
import Testing

/// A scan for certain processes reads only these, if the request allows it.
@Suite struct OwnerPruningTests {
  private static let sockets = [
    FakeSocket(cookie: 1, inode: 11), FakeSocket(cookie: 2, inode: 12),
    FakeSocket(cookie: 3, inode: 13), FakeSocket(cookie: 4, inode: 99),
  ]

  /// Scans a `/proc` where java holds 11 and 12, sshd holds 12 and 13, and nobody holds 99.
  ///
  /// - Parameter more: adds further processes.
  private func scan(
    _ predicate: SelectionPredicate, prunesOwners: Bool = true, more: (ProcTree) -> Void = { _ in }
  ) throws -> Snapshot {
    let tree = ProcTree()
    tree.process(100, name: "java", links: [3: "socket:[11]", 4: "socket:[12]"])
    tree.process(200, name: "sshd", links: [3: "socket:[12]", 4: "socket:[13]"])
    more(tree)
    let kernel = FakeKernel(Self.sockets)
    return try Scanner(processes: tree.files, threads: 2) { kernel.open() }.scan(
      ScanRequest(predicate, reading: [], prunesOwners: prunesOwners),
      at: ScanMoment(bootID: nil, networkNamespace: nil, uptime: nil, kernelRelease: nil))
  }

  private static let java = SelectionPredicate.term(
    .process((try? Glob("java")) ?? { preconditionFailure() }()))

  @Test func pruningDoesNotChangeTheSelection() throws {
    let selections: [(SelectionPredicate, [UInt64])] = [
      (Self.java, [1, 2]), (.term(.pid(200)), [2, 3]), (.term(.pid(7)), []),
      (.all([Self.java, .term(.pid(200))]), [2]),
      (.any([Self.java, .term(.pid(200))]), [1, 2, 3]),
      (.all([Self.java, .not(.term(.pid(200)))]), [1]), (.not(Self.java), [3]),
    ]
    for (selection, cookies) in selections {
      for prunes in [true, false] {
        let found = try scan(selection, prunesOwners: prunes).connections.map(\.cookie.rawValue)
        #expect(found == cookies, "\(selection), pruned: \(prunes)")
      }
    }
  }

  @Test func otherHoldersStayUnknown() throws {
    let pruned = try scan(Self.java)
    #expect(pruned.holders(of: pruned.connections[1]).map(\.pid) == [100])
    #expect(pruned.owners?.isComplete == false)
    let full = try scan(Self.java, prunesOwners: false)
    #expect(full.holders(of: full.connections[1]).map(\.pid) == [100, 200])
    #expect(full.owners?.isComplete == true)
  }

  @Test func connectionsOfOtherProcessesAreNotUndecided() throws {
    #expect(try scan(Self.java).undecided == 0)
    #expect(try scan(Self.java, prunesOwners: false).undecided == 1, "the holder of 99 is unknown")
  }

  @Test func otherProcessesAreNotRead() throws {
    let snapshot = try scan(.term(.pid(100))) { $0.process(unreadable: 300, name: "secret") }
    #expect(snapshot.owners?.gaps.isEmpty == true && snapshot.unreadable.isEmpty)
  }

  @Test func unreadableProcessLeavesConnectionsUndecided() throws {
    let snapshot = try scan(.any([.term(.pid(100)), .term(.pid(300))])) {
      $0.process(unreadable: 300, name: "secret")
    }
    #expect(snapshot.connections.map(\.cookie.rawValue) == [1, 2])
    #expect(snapshot.undecided == 2)
    #expect(snapshot.unreadable.map(\.pid) == [300])
  }
}
