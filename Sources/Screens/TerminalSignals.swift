internal import CLinuxProcess
internal import Glibc
public import SystemPackage

/// Delivers the signals that matter to a screen as input instead of interruptions.
///
/// They are blocked in the thread that creates this value and in threads that it starts later.
public struct TerminalSignals: ~Copyable {
  /// Readable while signals are pending.
  public let descriptor: FileDescriptor

  private static let numbers = [SIGWINCH, SIGTSTP, SIGCONT, SIGINT, SIGTERM, SIGHUP]

  /// The request that a signal makes.
  public enum Request: Equatable, Sendable {
    /// The terminal's size changed.
    case resize
    /// Stop until SIGCONT.
    case suspend
    /// Continue: another program may have drawn on the terminal.
    case resume
    /// Exit because of this signal: SIGINT, SIGTERM or SIGHUP.
    case end(Int32)
  }

  /// Blocks the signals and opens the descriptor.
  public init() throws(ScreenProblem) {
    var set = Self.set(Self.numbers)
    let number = unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
    guard number >= 0 else { throw .cannotWatchSignals }
    descriptor = FileDescriptor(rawValue: number)
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  deinit {
    try? descriptor.close()
    var set = Self.set(Self.numbers)
    unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// The requests of the pending signals, in order of their numbers.
  public func take() -> [Request] {
    var requests: [Request] = []
    var signal = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    while unsafe read(descriptor.rawValue, &signal, size) == size {
      switch Int32(signal.ssi_signo) {
      case SIGWINCH: requests.append(.resize)
      case SIGTSTP: requests.append(.suspend)
      case SIGCONT: requests.append(.resume)
      case let number: requests.append(.end(number))
      }
    }
    return requests
  }

  /// Stops the process until SIGCONT, as an unblocked SIGTSTP would have.
  public func suspend() {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = SIG_DFL
    var before = sigaction()
    _ = unsafe sigaction(SIGTSTP, &action, &before)
    var set = Self.set([SIGTSTP])
    // The signal stays pending until it is unblocked, and then stops all threads.
    raise(SIGTSTP)
    unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    _ = unsafe sigaction(SIGTSTP, &before, nil)
  }

  private static func set(_ numbers: [Int32]) -> sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in numbers { unsafe sigaddset(&set, number) }
    return set
  }
}
