import Glibc
package import Reaping
import Rendering
import Synchronization
import SystemPackage

/// What can stop a run from outside: a signal, or a closed standard output.
package enum Interruption {
  /// The first signal that arrived, or 0. It is never reset: a signal stops everything that the
  /// process would do later.
  private static let received = Atomic<Int32>(0)

  /// The signals that end a run.
  private static let numbers = [SIGINT, SIGTERM, SIGHUP]

  /// Ignores SIGPIPE and SIGXFSZ: writes fail with EPIPE or EFBIG instead, which a run can report.
  ///
  /// Programs that connreap starts do not inherit this.
  package static func surviveFailedWrites() {
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
  }

  /// Remembers SIGINT, SIGTERM and SIGHUP from now on, instead of ending the process.
  ///
  /// Calling it again is harmless. A signal that was ignored when connreap started stays ignored,
  /// as nohup(1) wants it. Programs that connreap starts do not inherit handlers (execve(2)).
  package static func watch() {
    // The handler does a single atomic exchange, which is safe on any thread (signal-safety(7)).
    // The first use of a global allocates memory, so it must come before the handler exists.
    _ = received.load(ordering: .relaxed)
    for number in numbers {
      var before = sigaction()
      guard unsafe sigaction(number, nil, &before) == 0, !isIgnored(before) else { continue }
      var action = sigaction()
      unsafe action.__sigaction_handler.sa_handler = { number in
        Interruption.remember(signal: number)
      }
      // System calls are restarted, so that the current closing is finished.
      action.sa_flags = SA_RESTART
      _ = unsafe sigaction(number, &action, nil)
    }
  }

  /// Remembers a signal that was read instead of handled. The first one counts.
  package static func remember(signal number: Int32) {
    _ = received.compareExchange(expected: 0, desired: number, ordering: .relaxed)
  }

  /// Why the run must stop now; nil if it may continue.
  package static var reason: StopReason? {
    if let number = receivedSignal { return .signal(number) }
    return isOutputClosed ? .outputClosed : nil
  }

  /// ``reason``, if a signal handler noted it. This takes no system call.
  static var handledReason: StopReason? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : .signal(number)
  }

  /// The signal that arrived first, if any.
  package static var receivedSignal: Int32? {
    if let waiting = blockedSignal { remember(signal: waiting) }
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// A blocked signal (``Screens/TerminalSignals``) that has arrived but was not read yet.
  private static var blockedSignal: Int32? {
    var pending = sigset_t()
    guard unsafe sigpending(&pending) == 0 else { return nil }
    return numbers.first { number in unsafe sigismember(&pending, number) == 1 }
  }

  /// Whether standard output is a pipe or terminal whose other end is closed.
  private static var isOutputClosed: Bool {
    guard outputHasOtherEnd else { return false }
    var output = pollfd(fd: Standard.output.rawValue, events: 0, revents: 0)
    return unsafe poll(&output, 1, 0) == 1 && output.revents & Int16(POLLERR | POLLHUP) != 0
  }

  /// Whether standard output has another end that can be closed. A file has none.
  private static let outputHasOtherEnd = (try? Standard.output.stat().type) != .regular

  private static func isIgnored(_ action: sigaction) -> Bool {
    unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
