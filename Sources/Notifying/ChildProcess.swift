internal import CLinuxProcess
internal import Glibc
internal import SystemPackage

/// A program that was started and is waited for; the one place that calls `posix_spawn`.
struct ChildProcess: ~Copyable {
  private let pid: pid_t

  /// Starts `words[0]` by its path, with `input` as its standard input, with its output where
  /// this process says its errors, and with no other descriptor.
  ///
  /// It leads a process group of its own and starts with no signal blocked or ignored.
  init(
    _ words: [String], environment: [String], input: FileDescriptor
  ) throws(Errno) {
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    unsafe posix_spawn_file_actions_adddup2(&actions, input.rawValue, STDIN_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
    unsafe posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
    var none = sigset_t()
    unsafe sigemptyset(&none)
    var every = sigset_t()
    unsafe sigfillset(&every)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &every)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    var pid: pid_t = 0
    let code = unsafe Self.withTexts(words) { arguments in
      unsafe Self.withTexts(environment) { settings in
        guard let path = unsafe arguments[0] else { return EINVAL }
        return unsafe posix_spawn(&pid, path, &actions, &attributes, arguments, settings)
      }
    }
    guard code == 0 else { throw Errno(rawValue: code) }
    self.pid = pid
  }

  /// Calls `body` with `texts` as C has them: ended by zeros, and the list by a null pointer.
  private static func withTexts(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32
  ) -> Int32 {
    var pointers: [UnsafeMutablePointer<CChar>?] = unsafe texts.map { unsafe strdup($0) } + [nil]
    defer { for index in unsafe pointers.indices { unsafe free(pointers[index]) } }
    return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return EINVAL }
      return unsafe body(start)
    }
  }

  /// The status that wait(2) gives once the program has ended; nil while it runs.
  borrowing func endedStatus() -> Int32? {
    var status: Int32 = 0
    let result = unsafe waitpid(pid, &status, WNOHANG)
    return result == pid ? status : nil
  }

  /// Kills the program with all that it has started.
  consuming func kill() {
    _ = Glibc.kill(-pid, SIGKILL)
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
  }
}
