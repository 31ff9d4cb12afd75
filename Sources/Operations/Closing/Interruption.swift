import Glibc
package import Reaping
import Rendering
import Synchronization
import SystemPackage

/// What can stop a run from outside: a signal, or a closed standard output.
package enum Interruption {
  /// The first signal that arrived; 0 before. It is never reset: a signal counts for all that the
  /// process would still do, whatever it was doing when the signal arrived.
  private static let received = Atomic<Int32>(0)

  /// The signals that end a run.
  private static let numbers = [SIGINT, SIGTERM, SIGHUP]

  /// From now on a write to a closed pipe fails with EPIPE, and one beyond the limit on file sizes
  /// (RLIMIT_FSIZE) with EFBIG. Neither ends the process, so a run can still report it.
  ///
  /// A program that connreap starts gets both signals back.
  package static func surviveFailedWrites() {
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
  }

  /// From now on SIGINT, SIGTERM and SIGHUP are remembered and end nothing by themselves.
  ///
  /// It may be called more than once, and forgets no signal that arrived before.
  ///
  /// A signal that whoever started connreap had ignored, as nohup(1) does, stays ignored. A program
  /// that connreap starts has the signals as they were: handlers do not outlive execve(2).
  package static func watch() {
    // Safe in a handler, on whatever thread it runs and whatever it interrupts: it does one atomic
    // exchange of a number, without a lock and without memory (signal-safety(7)). The first use of a
    // global allocates it. This use comes before there is a handler.
    _ = received.load(ordering: .relaxed)
    for number in numbers {
      var before = sigaction()
      guard unsafe sigaction(number, nil, &before) == 0, !isIgnored(before) else { continue }
      var action = sigaction()
      unsafe action.__sigaction_handler.sa_handler = { number in
        Interruption.remember(signal: number)
      }
      // What the signal interrupts goes on: the connection that is being closed is finished.
      action.sa_flags = SA_RESTART
      _ = unsafe sigaction(number, &action, nil)
    }
  }

  /// Remembers a signal that was read instead of handled; the first one counts.
  package static func remember(signal number: Int32) {
    _ = received.compareExchange(expected: 0, desired: number, ordering: .relaxed)
  }

  /// Why the run is to stop now; nil when it may go on.
  package static var reason: StopReason? {
    if let number = receivedSignal { return .signal(number) }
    return isOutputClosed ? .outputClosed : nil
  }

  /// The same as far as a signal handler has noted it, which takes no system call to find out.
  static var handledReason: StopReason? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : .signal(number)
  }

  /// The signal that arrived first; nil before one did.
  package static var receivedSignal: Int32? {
    if let waiting = blockedSignal { remember(signal: waiting) }
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// A signal that has arrived, is blocked (``Screens/TerminalSignals``) and has not been read yet:
  /// the thread that reads it may be late.
  private static var blockedSignal: Int32? {
    var pending = sigset_t()
    guard unsafe sigpending(&pending) == 0 else { return nil }
    return numbers.first { number in unsafe sigismember(&pending, number) == 1 }
  }

  /// Whether standard output is a pipe or a terminal at whose other end nobody is any more.
  private static var isOutputClosed: Bool {
    guard outputHasOtherEnd else { return false }
    var output = pollfd(fd: Standard.output.rawValue, events: 0, revents: 0)
    return unsafe poll(&output, 1, 0) == 1 && output.revents & Int16(POLLERR | POLLHUP) != 0
  }

  /// Whether standard output has another end that somebody can close: a file has none.
  private static let outputHasOtherEnd = (try? Standard.output.stat().type) != .regular

  private static func isIgnored(_ action: sigaction) -> Bool {
    unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
