internal import Glibc

/// As long as this value lives, signals that ask a process to end wait.
///
/// It holds them back from the calling thread only: the others of connreap have none of their own to
/// end it with.
struct HeldSignals: ~Copyable {
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
