import Synchronization
import Testing
import Threads

@Suite struct WorkPlacesTests {
  @Test func eachIndexIsTakenOnce() {
    let places = WorkPlaces(10_000)
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
    let places = WorkPlaces(3)
    #expect(places.take() == 0)
    places.abandon()
    #expect(places.take() == nil && places.take() == nil)
    #expect(WorkPlaces(0).take() == nil)
  }
}
