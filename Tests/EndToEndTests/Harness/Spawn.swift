import Glibc
import Synchronization

/// Starts programs; the one place that calls `posix_spawn`.
enum Spawn {
  /// Of the test's environment, what would change what the tool does or prints.
  private static let hidden = [
    "SSH_CONNECTION", "SSH_CLIENT", "NO_COLOR", "CLICOLOR_FORCE", "COLUMNS", "XDG_STATE_HOME",
  ]

  private static let gate = Mutex(())

  /// Does something while no program starts.
  ///
  /// `pipe2` is out of Swift's reach: between `pipe` and `fcntl` a child could inherit the ends, and
  /// whoever reads from the pipe would wait for that child too.
  static func alone<Made: Sendable>(_ body: () throws -> Made) throws -> Made {
    try gate.withLock { _ in try body() }
  }

  /// Starts a program with these as its standard streams and no other descriptor.
  ///
  /// It leads a process group of its own, so that it can be killed with its children, and starts
  /// with no signal blocked or ignored: a thread of the pool blocks most of them.
  static func start(
    _ arguments: [String], input: Int32, output: Int32, errors: Int32,
    environment: [String: String] = [:]
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (target, descriptor) in [input, output, errors].enumerated() {
      posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(target))
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var every = sigset_t()
    sigfillset(&every)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &every)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var settings = settings(environment).map { strdup($0) } + [nil]
    defer { for word in words + settings { free(word) } }
    var pid: pid_t = 0
    let code = try alone {
      posix_spawnp(&pid, arguments[0], &actions, &attributes, &words, &settings)
    }
    guard code == 0 else { throw HarnessProblem.systemCall("posix_spawnp \(arguments[0])", code) }
    return pid
  }

  private static func settings(_ changes: [String: String]) -> [String] {
    var inherited: [String] = []
    var next = environ
    while let entry = next.pointee {
      inherited.append(String(cString: entry))
      next += 1
    }
    let gone = hidden + changes.keys
    return inherited.filter { setting in !gone.contains { setting.hasPrefix($0 + "=") } }
      + changes.map { "\($0)=\($1)" }
  }
}
