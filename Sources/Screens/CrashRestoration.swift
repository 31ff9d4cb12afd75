internal import Glibc

/// Restores the terminal when the process crashes, which no Swift code survives.
///
/// Everything is prepared in advance. The handler only writes bytes, sets the terminal's modes and
/// raises the signal again (signal-safety(7) allows write, tcsetattr, sigaction and raise).
enum CrashRestoration {
  // `arm` and `disarm` write these on one thread while no handler is installed. Only the handler
  // reads them.
  nonisolated(unsafe) private static var bytes: UnsafeMutableBufferPointer<UInt8>?
  nonisolated(unsafe) private static var modes = termios()
  nonisolated(unsafe) private static var earlier: UnsafeMutablePointer<sigaction>?
  nonisolated(unsafe) private static var stack: UnsafeMutableRawPointer?

  private static let faults = [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT]

  /// The index of a signal in ``faults``, without accessing an array.
  private static func faultIndex(of number: Int32) -> Int? {
    switch number {
    case SIGSEGV: 0
    case SIGBUS: 1
    case SIGILL: 2
    case SIGTRAP: 3
    case SIGFPE: 4
    case SIGABRT: 5
    default: nil
    }
  }

  /// The size of the handler's own stack: the thread's stack may have overflowed.
  private static let stackSize = 64 * 1024

  /// Makes a crash write `sequence` to standard output and restore `modes`.
  static func arm(_ sequence: [UInt8], _ modes: termios) {
    disarm()
    let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: sequence.count)
    _ = unsafe copy.initialize(from: sequence)
    unsafe Self.bytes = copy
    unsafe Self.modes = modes
    provideStack()
    let before = UnsafeMutablePointer<sigaction>.allocate(capacity: faults.count)
    unsafe before.initialize(repeating: sigaction(), count: faults.count)
    unsafe earlier = before
    for (index, number) in faults.enumerated() {
      var action = sigaction()
      unsafe action.__sigaction_handler.sa_handler = { CrashRestoration.handle($0) }
      action.sa_flags = SA_ONSTACK | SA_NODEFER
      _ = unsafe sigaction(number, &action, before + index)
    }
  }

  /// Restores the earlier signal handlers.
  static func disarm() {
    guard let before = unsafe earlier else { return }
    for (index, number) in faults.enumerated() {
      _ = unsafe sigaction(number, before + index, nil)
    }
    unsafe earlier = nil
    unsafe before.deallocate()
    unsafe bytes?.deallocate()
    unsafe bytes = nil
  }

  private static func handle(_ number: Int32) {
    if let bytes = unsafe bytes { _ = unsafe write(STDOUT_FILENO, bytes.baseAddress, bytes.count) }
    unsafe tcsetattr(STDIN_FILENO, TCSANOW, &modes)
    if let before = unsafe earlier, let index = faultIndex(of: number) {
      _ = unsafe sigaction(number, before + index, nil)
    }
    // Passes it to the earlier handler, usually the default, which ends the process.
    raise(number)
  }

  private static func provideStack() {
    var current = unsafe stack_t()
    guard unsafe sigaltstack(nil, &current) == 0,
      unsafe current.ss_flags & Int32(SS_DISABLE) != 0, unsafe stack == nil
    else { return }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: stackSize, alignment: 16)
    unsafe stack = memory
    unsafe current.ss_sp = memory
    unsafe current.ss_size = stackSize
    unsafe current.ss_flags = 0
    _ = unsafe sigaltstack(&current, nil)
  }
}
