import Glibc
import Synchronization

/// Starts programs. No other code calls `posix_spawn`.
enum Spawn {
  /// Variables that would change the behavior or output of connreap.
  private static let hidden = [
    "SSH_CONNECTION", "SSH_CLIENT", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS",
    "XDG_STATE_HOME", "LC_ALL",
  ]

  /// Variables that every program gets. Without a UTF-8 locale, connreap prints only ASCII.
  private static let given = ["LC_ALL": "C.UTF-8"]

  private static let gate = Mutex(())

  /// Calls `body` while no program starts.
  ///
  /// Swift cannot call `pipe2`. Between `pipe` and `fcntl`, a child could inherit both ends, and
  /// the reader would wait for that child too.
  static func alone<Made: Sendable>(_ body: () throws -> Made) throws -> Made {
    try gate.withLock { _ in try body() }
  }

  /// Starts a program with these standard streams and no other descriptor.
  ///
  /// The program leads its own process group, so that it can be killed with its children. It starts
  /// with no signal blocked or ignored, because threads of the pool block most signals.
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
    var noSignals = sigset_t()
    sigemptyset(&noSignals)
    var allSignals = sigset_t()
    sigfillset(&allSignals)
    posix_spawnattr_setsigmask(&attributes, &noSignals)
    posix_spawnattr_setsigdefault(&attributes, &allSignals)
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
    var pointer = environ
    while let entry = pointer.pointee {
      inherited.append(String(cString: entry))
      pointer += 1
    }
    let changes = given.merging(changes) { $1 }
    let replaced = hidden + changes.keys
    return inherited.filter { setting in !replaced.contains { setting.hasPrefix($0 + "=") } }
      + changes.map { "\($0)=\($1)" }
  }
}
