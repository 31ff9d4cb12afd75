import Glibc
import Synchronization
import Testing
import Threads

@testable import Rendering

/// Threads render a limited number of batches ahead of the writer.
@Suite struct RenderedBatchesTests {
  /// Renders the batch number; in each group of eight, earlier batches take longer.
  private func numbers(_ count: Int, ahead: Int, started: Started = Started()) -> RenderedBatches {
    RenderedBatches(count, ahead: ahead) { batch, text in
      started.count.add(1, ordering: .relaxed)
      usleep(UInt32(8 - batch % 8) * 50)
      text.append(contentsOf: "\(batch)".utf8)
    }
  }

  private final class Started: Sendable {
    let count = Atomic(0)
    var now: Int { count.load(ordering: .acquiring) }
  }

  @Test(arguments: [1, 2, 7])
  func batchesAreTakenInOrder(_ threads: Int) {
    let texts = numbers(100, ahead: 3)
    let work = ParallelWork.start(threads: threads) { texts.work() }
    for batch in 0..<100 {
      texts.take(batch) { #expect(String(decoding: $0, as: UTF8.self) == "\(batch)") }
    }
    texts.abandon()
    work.finish()
  }

  @Test func renderingStaysWithinTheLimitAhead() {
    let started = Started()
    let texts = numbers(50, ahead: 4, started: started)
    let work = ParallelWork.start(threads: 3) { texts.work() }
    for batch in 0..<50 {
      #expect(started.now <= batch + 4)
      texts.take(batch) { _ in }
    }
    #expect(started.now == 50)
    texts.abandon()
    work.finish()
  }

  @Test func theWriterCanStopAtAnyTime() {
    let started = Started()
    let texts = numbers(1_000, ahead: 2, started: started)
    let work = ParallelWork.start(threads: 4) { texts.work() }
    texts.take(0) { _ in }
    texts.abandon()
    work.finish()
    #expect(started.now <= 3)
  }

  @Test func buffersAreReused() {
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
