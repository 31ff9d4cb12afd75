import Connections
import TestSupport
import Testing

@Suite struct SparseSetTests {
  @Test func insertReportsWhetherTheNumberIsNew() {
    var set = SparseSet()
    let numbers: [UInt64] = [0, 1, 2, .max - 1, .max, 1 << 32, 1 << 63]
    let isNew = (numbers + numbers).map { set.insert($0) }
    #expect(isNew == numbers.map { _ in true } + numbers.map { _ in false })
    #expect(set.count == numbers.count)
  }

  @Test func distinguishesNeighboursAtTheEndsOfASlot() {
    var set = SparseSet()
    let numbers: [UInt64] = [63, 64, 65, 127, 128, 1, 62, .max - 63, .max - 64]
    let neighbours: [UInt64] = [0, 2, 61, 66, 126, 129, .max - 62, .max - 65]
    for number in numbers { set.insert(number) }
    #expect(numbers.allSatisfy(set.contains))
    #expect(!neighbours.contains(where: set.contains))
  }

  @Test func removesMembersAndIgnoresOthers() {
    var set = SparseSet()
    for number: UInt64 in 1...1000 { set.insert(number) }
    for number in stride(from: 2 as UInt64, through: 2000, by: 2) { set.remove(number) }
    #expect(set.count == 500)
    #expect((1...1000).allSatisfy { set.contains($0) == ($0 % 2 == 1) })
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func agreesWithASet(seed: UInt64) {
    var generator = Seeded(seed)
    var expected: Set<UInt64> = []
    var set = SparseSet()
    // Consecutive numbers, as the kernel counts them, repeats, and random numbers.
    for step: UInt64 in 1...20_000 {
      let number =
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: step
        case 1: UInt64.random(in: 1...step, using: &generator)
        default: UInt64.random(in: 0...(.max), using: &generator)
        }
      if step % 5 == 0 {
        set.remove(number)
        expected.remove(number)
      } else {
        #expect(set.insert(number) == expected.insert(number).inserted)
      }
      #expect(set.contains(number) == expected.contains(number))
    }
    #expect(set.count == expected.count)
  }
}
