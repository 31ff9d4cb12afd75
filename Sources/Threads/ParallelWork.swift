internal import Glibc

/// Runs blocking or urgent work on POSIX threads, for which the cooperative pool is unsuitable.
public enum ParallelWork {
  /// The number of processors that are online, at least 1.
  public static var processorCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// Runs `work` on `count` threads at once, or on the caller's when `count` is one, and waits.
  ///
  /// The system can refuse to start threads. Each call of `work` must therefore take its share from a
  /// common queue and finish the whole work if it is the only one.
  public static func run(threads count: Int, _ work: @escaping @Sendable () -> Void) {
    guard count > 1 else { return work() }
    // The caller only waits. The scheduler starts a new thread on the core of its creator and, if that
    // one is busy, leaves it there for longer than the whole work takes on a small machine.
    let started = start(threads: count, work)
    if started.threads.isEmpty { work() }
    _ = consume started
  }

  /// Starts `work` on `count` threads beside the caller's, or on fewer if the system refuses some.
  public static func start(
    threads count: Int, _ work: @escaping @Sendable () -> Void
  ) -> StartedWork {
    var started: [pthread_t] = []
    for _ in 0..<max(count, 0) {
      guard let thread = startThread(work) else { break }
      started.append(thread)
    }
    return StartedWork(threads: started, work: work)
  }

  /// Runs `work` on a thread of its own and waits until it has ended.
  ///
  /// - Returns: what `work` returned; nil if the system refused the thread.
  public static func runOnOwnThread<Value>(_ work: @escaping () -> Value) -> Value? {
    var value: Value?
    // This thread only waits, so the two never use the value at the same time.
    guard let thread = startThread({ value = work() }) else { return nil }
    pthread_join(thread, nil)
    return value
  }

  private static func startThread(_ work: @escaping () -> Void) -> pthread_t? {
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
      return nil
    }
    return thread
  }

  /// Work, as pthread_create(3) can pass it.
  private final class Box {
    let work: () -> Void
    init(_ work: @escaping () -> Void) { self.work = work }
  }
}

/// Work on other threads. They have ended when the value is destroyed, unless it was detached.
public struct StartedWork: ~Copyable, Sendable {
  fileprivate var threads: [pthread_t]
  fileprivate let work: @Sendable () -> Void

  deinit {
    for thread in threads { pthread_join(thread, nil) }
  }

  /// Whether the system refused every thread, so that nothing does the work.
  public var isEmpty: Bool { threads.isEmpty }

  /// Lets the threads continue without waiting for them.
  public consuming func detach() {
    for thread in threads { pthread_detach(thread) }
    threads = []
  }

  /// Joins the work on the caller's thread and waits until it is done.
  public consuming func finish() {
    work()
  }
}
