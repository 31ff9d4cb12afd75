import Glibc
import Synchronization
import Testing

@testable import ProcessTable

@Suite struct ParallelWorkTests {
  @Test(arguments: [-1, 0, 1, 2, 8])
  func runsOnAsManyThreadsAsAskedAndWaitsForAll(_ count: Int) {
    let runs = Mutex<Set<pthread_t>>([])
    ParallelWork.run(threads: count) {
      usleep(20_000)
      runs.withLock { _ = $0.insert(pthread_self()) }
    }
    runs.withLock {
      #expect($0.count == max(count, 1))
      #expect($0.contains(pthread_self()))
    }
  }
}
