import Synchronization
import Testing
import Threads

@Suite struct WorkerSlotsTests {
  @Test func eachIndexIsTakenOnce() {
    let places = WorkerSlots(10_000)
    let taken = Mutex([Int]())
    ParallelWork.run(threads: 4) {
      var mine: [Int] = []
      while let index = places.take() { mine.append(index) }
      taken.withLock { $0 += mine }
    }
    #expect(taken.withLock { $0.sorted() } == Array(0..<10_000))
    #expect(places.take() == nil)
  }

  @Test func nothingIsTakenAfterAbandon() {
    let places = WorkerSlots(3)
    #expect(places.take() == 0)
    places.abandon()
    #expect(places.take() == nil && places.take() == nil)
    #expect(WorkerSlots(0).take() == nil)
  }
}
