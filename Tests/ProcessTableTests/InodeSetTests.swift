import TestSupport
import Testing

@testable import ProcessTable

@Suite struct InodeSetTests {
  @Test func holdsWhatWasInsertedAndNothingElse() {
    var numbers = Seeded(1)
    var model: Set<UInt32> = []
    var set = InodeSet()
    // Runs, as the kernel gives inodes out, and others from anywhere.
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

  @Test func takesTheEndsOfTheRange() {
    let set = InodeSet([1, .max])
    #expect(set.contains(1) && set.contains(.max))
    #expect(!set.contains(2) && !set.contains(.max - 1))
    #expect(set.count == 2)
  }

  @Test func countsAnInodeOnce() {
    let set = InodeSet([7, 7, 7])
    #expect(set.count == 1)
  }

  @Test func neverHoldsZero() {
    var set = InodeSet([0])
    #expect(set.isEmpty && !set.contains(0))
    set.insert(0)
    #expect(set.count == 0 && !set.contains(0))
    #expect(!InodeSet.everySocket.contains(0))
  }

  @Test func everySocketHoldsAllButNamesNone() {
    var every = InodeSet.everySocket
    every.insert(5)
    #expect(every.isEverySocket && !every.isEmpty && every.count == 0)
    #expect(every.contains(1) && every.contains(.max))
  }

  @Test func emptySetHoldsNothing() {
    let set = InodeSet(minimumCapacity: 1000)
    #expect(set.isEmpty && !set.isEverySocket && !set.contains(1))
  }

  @Test func filterKeepsWhatItIsToldTo() {
    let rest = InodeSet(1...1000).filter { $0 % 2 == 1 }
    #expect(rest.count == 500)
    #expect((1...1000).allSatisfy { rest.contains($0) == ($0 % 2 == 1) })
    #expect(InodeSet([1]).filter { _ in false }.isEmpty)
    #expect(InodeSet.everySocket.filter { _ in true }.isEmpty, "it names none")
  }

  @Test func staysFastWithAMillionInARow() {
    let set = InodeSet(1...1_000_000)
    #expect(set.count == 1_000_000)
    #expect(set.contains(1_000_000) && !set.contains(1_000_001))
  }
}
