import Glibc
import Synchronization
import Testing

@testable import Threads

@Suite struct ParallelWorkTests {
  @Test(arguments: [-1, 0, 1, 2, 8])
  func runUsesTheGivenNumberOfThreadsAndWaits(_ count: Int) {
    let runs = Mutex<Set<pthread_t>>([])
    ParallelWork.run(threads: count) {
      usleep(20_000)
      runs.withLock { _ = $0.insert(pthread_self()) }
    }
    runs.withLock {
      #expect($0.count == max(count, 1))
      #expect($0.contains(pthread_self()) == (count < 2), "otherwise the caller only waits")
    }
  }

  @Test func startedWorkRunsBesideTheCaller() {
    let ids = Mutex<Set<pthread_t>>([])
    let started = ParallelWork.start(threads: 2) {
      usleep(20_000)
      ids.withLock { _ = $0.insert(pthread_self()) }
    }
    #expect(ids.withLock { !$0.contains(pthread_self()) })
    started.finish()
    #expect(ids.withLock { $0.count } == 3)
  }

  @Test func destroyingTheValueWaitsForTheWork() {
    let ends = Atomic(0)
    do {
      _ = ParallelWork.start(threads: 3) {
        usleep(20_000)
        ends.add(1, ordering: .relaxed)
      }
    }
    #expect(ends.load(ordering: .relaxed) == 3)
  }
}
