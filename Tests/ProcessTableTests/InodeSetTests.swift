import Connections
import TestSupport
import Testing

@testable import ProcessTable

@Suite struct InodeSetTests {
  @Test func setsContainExactlyWhatWasInserted() {
    var numbers = Seeded(1)
    var model: Set<UInt32> = []
    var set = InodeSet()
    // Runs at random positions, as the kernel assigns inodes.
    for _ in 0..<200 {
      let start = UInt32.random(in: 1...UInt32.max - 100, using: &numbers)
      for inode in start..<start + UInt32.random(in: 1...100, using: &numbers) {
        set.insert(inode)
        model.insert(inode)
      }
    }
    #expect(set.count == model.count)
    #expect(model.allSatisfy { set.contains($0) })
    for inode in model {
      #expect(set.contains(inode &+ 1) == model.contains(inode &+ 1))
      #expect(set.contains(inode &- 1) == (model.contains(inode &- 1)))
    }
  }

  @Test func theEndsOfTheRangeCanBeInserted() {
    let set = InodeSet([1, .max])
    #expect(set.contains(1) && set.contains(.max))
    #expect(!set.contains(2) && !set.contains(.max - 1))
    #expect(set.count == 2)
  }

  @Test func neighborsAtTheEndsOfARunAreDistinct() {
    let set = InodeSet([31, 32, 63, 65, .max - 31, .max - 32])
    #expect([31, 32, 63, 65, .max - 31, .max - 32].allSatisfy(set.contains))
    #expect(![1, 30, 33, 62, 64, 66, .max, .max - 30, .max - 33].contains(where: set.contains))
    #expect(set.count == 6)
  }

  @Test func repeatedInodesCountOnce() {
    let set = InodeSet([7, 7, 7])
    #expect(set.count == 1)
  }

  @Test func zeroIsNeverContained() {
    var set = InodeSet([0])
    #expect(set.isEmpty && !set.contains(0))
    set.insert(0)
    #expect(set.count == 0 && !set.contains(0))
    #expect(!InodeSet.everySocket.contains(0))
  }

  @Test func everySocketContainsAllButListsNone() {
    var every = InodeSet.everySocket
    every.insert(5)
    #expect(every.isEverySocket && !every.isEmpty && every.count == 0)
    #expect(every.contains(1) && every.contains(.max))
  }

  @Test func emptySetsContainNothing() {
    let set = InodeSet()
    #expect(set.isEmpty && !set.isEverySocket && !set.contains(1))
  }

  private func holder(_ pid: Int32, _ inodes: some Sequence<UInt32>) -> SocketHolder {
    SocketHolder(
      process: OwnerProcess(
        identity: ProcessIdentity(pid: pid, startTicks: 1), name: "p", executable: nil, userID: nil),
      sockets: inodes.map { HeldSocket(inode: $0, descriptor: 3) })
  }

  @Test func heldInodesAreRemoved() {
    let even = holder(1, stride(from: 2, through: 1000, by: 2))
    let rest = InodeSet(1...1000).withoutSockets(of: [even, holder(2, [4, 5, 4000, 0])])
    #expect(rest.count == 499)
    #expect((1...1000).allSatisfy { rest.contains($0) == ($0 % 2 == 1 && $0 != 5) })
    #expect(!rest.contains(4000))
    #expect(InodeSet([1]).withoutSockets(of: [holder(1, [1, 1])]).isEmpty)
    #expect(InodeSet([1]).withoutSockets(of: []).contains(1))
    #expect(InodeSet.everySocket.withoutSockets(of: []).isEmpty, "it lists none")
  }

  @Test func removingHeldInodesGivesTheDifference() {
    var numbers = Seeded(2)
    for _ in 0..<50 {
      let wanted = (0..<60).map { _ in UInt32.random(in: 1...100, using: &numbers) }
      let held = (0..<40).map { _ in UInt32.random(in: 0...120, using: &numbers) }
      let rest = InodeSet(wanted).withoutSockets(of: [
        holder(1, held[..<20]), holder(2, held[20...]),
      ])
      let difference = Set(wanted).subtracting(held)
      #expect(rest.count == difference.count && difference.allSatisfy(rest.contains))
    }
  }

  @Test func aMillionConsecutiveInodesStayFast() {
    let set = InodeSet(1...1_000_000)
    #expect(set.count == 1_000_000)
    #expect(set.contains(1_000_000) && !set.contains(1_000_001))
  }
}
