internal import Glibc

/// Threads of the system for work that blocks in it, which the cooperative pool is not for.
enum ParallelWork {
  /// Runs `work` on `count` threads at once, the caller's among them, and returns when all of
  /// them have.
  ///
  /// A thread that the system refuses is done without: `work` takes its share from a common place
  /// and must be complete when one thread alone has run it.
  static func run(threads count: Int, _ work: @escaping @Sendable () -> Void) {
    var started: [pthread_t] = []
    for _ in 1..<max(count, 1) {
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
    work()
    for thread in started { pthread_join(thread, nil) }
  }

  private final class Box: Sendable {
    let work: @Sendable () -> Void
    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
  }
}
