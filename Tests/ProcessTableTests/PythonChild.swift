import Glibc
import Synchronization

/// A Python process that is killed at the end of this value's lifetime, and ends itself after a
/// minute.
final class PythonChild {
  static let path = "/usr/bin/python3"
  static let isInstalled = access(path, X_OK) == 0

  let pid: pid_t
  /// The line that the script printed when it was ready.
  let greeting: String
  private var isReaped = false

  /// Runs `script` and waits for its first line. It inherits descriptors that are not
  /// close-on-exec.
  init(_ script: String) {
    let (child, output) = Self.spawning.withLock { _ in Self.spawn(script) }
    pid = child
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while read(output, &byte, 1) == 1, byte != 0x0a { line.append(byte) }
    close(output)
    greeting = String(decoding: line, as: UTF8.self)
  }

  deinit { end() }

  /// Kills the process and reaps it.
  func end() {
    guard !isReaped else { return }
    isReaped = true
    kill(pid, SIGKILL)
    waitpid(pid, nil, 0)
  }

  /// Serializes spawning, so that no child inherits the pipe of another.
  private static let spawning = Mutex(())

  private static func spawn(_ script: String) -> (pid: pid_t, output: Int32) {
    var ends: [Int32] = [0, 0]
    precondition(pipe(&ends) == 0)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    let whole = "import signal; signal.alarm(60)\n" + prelude + script
    let words: [String] = [path, "-S", "-c", whole]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    var child = pid_t()
    let failure = posix_spawn(&child, path, &actions, nil, &arguments, environ)
    precondition(failure == 0)
    for argument in arguments { free(argument) }
    posix_spawn_file_actions_destroy(&actions)
    close(ends[1])
    return (child, ends[0])
  }

  private static let prelude = """
    import os, socket, sys, time, threading, ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    def ready(*what):
        print(*what, flush=True)

    """
}

/// A pair of connected sockets of this process.
final class SocketPair {
  let descriptors: [Int32]

  init(inherited: Bool = false) {
    var pair: [Int32] = [0, 0]
    let kind = Int32(SOCK_STREAM.rawValue) | (inherited ? 0 : Int32(SOCK_CLOEXEC.rawValue))
    precondition(socketpair(AF_UNIX, kind, 0, &pair) == 0)
    descriptors = pair
  }

  deinit { for descriptor in descriptors { close(descriptor) } }

  func inode(_ index: Int) -> UInt32 {
    var status = stat()
    fstat(descriptors[index], &status)
    return UInt32(status.st_ino)
  }
}
