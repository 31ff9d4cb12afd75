internal import CLinuxProcess
internal import Glibc
public import SystemPackage

/// The signals that a program with a screen has to deal with, as something to read rather than as
/// interruptions.
///
/// They are blocked in the thread that makes this value, and in all that it starts afterwards.
public struct TerminalSignals: ~Copyable {
  /// Becomes readable when a signal waits.
  public let descriptor: FileDescriptor

  private static let numbers = [SIGWINCH, SIGTSTP, SIGCONT, SIGINT, SIGTERM, SIGHUP]

  /// What a signal asks for.
  public enum Request: Equatable, Sendable {
    /// The terminal has another size.
    case resize
    /// Stop until SIGCONT comes.
    case suspend
    /// Go on: another program may have drawn on the terminal.
    case resume
    /// End, because of this signal: SIGINT, SIGTERM or SIGHUP.
    case end(Int32)
  }

  /// Blocks the signals, and waits for them.
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

  /// What the signals that wait ask for, in the order of their numbers.
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

  /// Stops the process as SIGTSTP would have, had it not been read, until SIGCONT comes.
  public func suspend() {
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = SIG_DFL
    var before = sigaction()
    _ = unsafe sigaction(SIGTSTP, &action, &before)
    var set = Self.set([SIGTSTP])
    // It waits until it is let through here, and then stops all threads.
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
