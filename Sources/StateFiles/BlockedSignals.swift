internal import Glibc

/// Blocks signals that ask the process to end, as long as this value lives.
///
/// It blocks them only in the calling thread. connreap's other threads never handle these signals.
struct BlockedSignals: ~Copyable {
  private var before = sigset_t()

  init() {
    var held = sigset_t()
    unsafe sigemptyset(&held)
    for number in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] { unsafe sigaddset(&held, number) }
    unsafe pthread_sigmask(SIG_BLOCK, &held, &before)
  }

  deinit {
    var before = before
    unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
  }
}
