import Glibc
import Synchronization
import Testing

/// Threads for tests that spend most of their time waiting for other programs.
///
/// The concurrency runtime has one thread per processor, and a waiting test blocks its thread.
/// These additional threads let other tests run meanwhile.
final class WaitingThreads: TaskExecutor {
  static let shared = WaitingThreads(count: 2 * sysconf(Int32(_SC_NPROCESSORS_ONLN)))

  private let jobs = Mutex<[UnownedJob]>([])
  private let available = Semaphore()

  private init(count: Int) {
    for _ in 0..<count {
      var thread = pthread_t()
      let started = pthread_create(
        &thread, nil,
        { context in
          guard let context else { return nil }
          Unmanaged<WaitingThreads>.fromOpaque(context).takeRetainedValue().work()
        }, Unmanaged.passRetained(self).toOpaque())
      precondition(started == 0, "cannot start a thread: \(started)")
      pthread_detach(thread)
    }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    available.signal()
  }

  private func work() -> Never {
    while true {
      available.wait()
      // The newest first: a test that has begun, and the next one of a serialized suite, then do not
      // wait for all others.
      let job = jobs.withLock { $0.removeLast() }
      job.runSynchronously(on: asUnownedTaskExecutor())
    }
  }
}

/// A counting semaphore: a `sem_t` at a fixed address.
private final class Semaphore: @unchecked Sendable {
  // The address never changes, and sem_post and sem_wait are thread-safe.
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init() { sem_init(semaphore, 0, 0) }

  func signal() { sem_post(semaphore) }

  func wait() { while sem_wait(semaphore) != 0 {} }
}

/// Runs the tests of a suite on ``WaitingThreads``.
struct WaitingForPrograms: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(WaitingThreads.shared) { try await function() }
  }
}

extension Trait where Self == WaitingForPrograms {
  /// The suite spends most of its time waiting for other programs.
  static var waitsForPrograms: Self { WaitingForPrograms() }
}
