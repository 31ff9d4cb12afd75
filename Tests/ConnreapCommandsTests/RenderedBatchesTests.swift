import Glibc
import Synchronization
import Testing
import Threads

@testable import ConnreapCommands
@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// Threads that render ahead of the one that writes, but not far.
@Suite struct RenderedBatchesTests {
  /// Renders the number of the batch, the first ones of each eight more slowly than the last.
  private func numbers(_ count: Int, ahead: Int, begun: Begun = Begun()) -> RenderedBatches {
    RenderedBatches(count, ahead: ahead) { batch, text in
      begun.count.add(1, ordering: .relaxed)
      usleep(UInt32(8 - batch % 8) * 50)
      text.append(contentsOf: "\(batch)".utf8)
    }
  }

  private final class Begun: Sendable {
    let count = Atomic(0)
    var now: Int { count.load(ordering: .acquiring) }
  }

  @Test(arguments: [1, 2, 7])
  func textsAreTakenInTheOrderOfTheirBatchesWhoeverRendersThem(_ threads: Int) {
    let texts = numbers(100, ahead: 3)
    let work = ParallelWork.start(threads: threads) { texts.work() }
    for batch in 0..<100 {
      texts.take(batch) { #expect(String(decoding: $0, as: UTF8.self) == "\(batch)") }
    }
    texts.abandon()
    work.finish()
  }

  @Test func noMoreIsRenderedThanIsToWait() {
    let begun = Begun()
    let texts = numbers(50, ahead: 4, begun: begun)
    let work = ParallelWork.start(threads: 3) { texts.work() }
    for batch in 0..<50 {
      #expect(begun.now <= batch + 4)
      texts.take(batch) { _ in }
    }
    #expect(begun.now == 50)
    texts.abandon()
    work.finish()
  }

  @Test func whoeverWritesCanStopAnyTime() {
    let begun = Begun()
    let texts = numbers(1_000, ahead: 2, begun: begun)
    let work = ParallelWork.start(threads: 4) { texts.work() }
    texts.take(0) { _ in }
    texts.abandon()
    work.finish()
    #expect(begun.now <= 3)
  }

  @Test func theMemoryOfATextIsUsedAgain() {
    let given = Mutex([(count: Int, capacity: Int)]())
    let texts = RenderedBatches(2, ahead: 1) { batch, text in
      given.withLock { [count = text.count, capacity = text.capacity] in
        $0.append((count, capacity))
      }
      text.append(contentsOf: repeatElement(1, count: batch == 0 ? 10_000 : 10))
    }
    let work = ParallelWork.start(threads: 1) { texts.work() }
    texts.take(0) { #expect($0.count == 10_000) }
    texts.take(1) { #expect($0.count == 10) }
    work.finish()
    let (counts, capacities) = given.withLock { ($0.map(\.count), $0.map(\.capacity)) }
    #expect(counts == [0, 0])
    #expect(capacities.last.map { $0 >= 10_000 } == true)
  }
}
