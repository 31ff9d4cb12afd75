internal import Glibc

/// Threads of the system for work that blocks in it, which the cooperative pool is not for, or that
/// is to be done at once.
public enum ParallelWork {
  /// The number of processors that are online, at least 1.
  public static var processorCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// Runs `work` on `count` threads at once, on the caller's when that is one, and returns when all
  /// of them have.
  ///
  /// A thread that the system refuses is done without: `work` takes its share from a common place
  /// and must be complete when one thread alone has run it.
  public static func run(threads count: Int, _ work: @escaping @Sendable () -> Void) {
    guard count > 1 else { return work() }
    // The caller only waits: the scheduler puts the thread that a busy one starts on the same core,
    // and leaves it there for longer than the processes of a small machine take.
    let started = start(threads: count, work)
    if started.threads.isEmpty { work() }
    _ = consume started
  }

  /// Runs `work` on `count` threads at once beside the caller's, or on fewer where the system
  /// refuses one.
  public static func start(
    threads count: Int, _ work: @escaping @Sendable () -> Void
  ) -> StartedWork {
    var started: [pthread_t] = []
    for _ in 0..<max(count, 0) {
      let box = unsafe Unmanaged.passRetained(Box(work))
      var thread = pthread_t()
      let refusal = unsafe pthread_create(
        &thread, nil,
        { argument in
          if let argument = unsafe argument {
            unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().work()
          }
          return nil
        }, box.toOpaque())
      guard refusal == 0 else {
        unsafe box.release()
        break
      }
      started.append(thread)
    }
    return StartedWork(threads: started, work: work)
  }

  private final class Box: Sendable {
    let work: @Sendable () -> Void
    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
  }
}

/// Work that other threads do. They have ended when the value has, unless it was detached.
public struct StartedWork: ~Copyable, Sendable {
  fileprivate var threads: [pthread_t]
  fileprivate let work: @Sendable () -> Void

  deinit {
    for thread in threads { pthread_join(thread, nil) }
  }

  /// Whether the system refused every thread, so that nobody does it.
  public var isEmpty: Bool { threads.isEmpty }

  /// Lets the threads run on, without anybody who waits for them.
  public consuming func detach() {
    for thread in threads { pthread_detach(thread) }
    threads = []
  }

  /// Takes the caller's thread to the work, and waits until all is done.
  public consuming func finish() {
    work()
  }
}
