internal import CLinuxProcess
internal import Connections
internal import Glibc
internal import ProcessTable
internal import StateFiles
internal import SystemPackage

/// A started program with all its descendants. Only this file calls `posix_spawn`, `waitpid` and
/// `kill`.
///
/// The program leads its own session. Its orphaned descendants become children of this process
/// (`PR_SET_CHILD_SUBREAPER`), whatever session or process group they have moved to. Other orphans
/// can become children of this process, too. The program's descendants are those in its session, or
/// with an inherited mark in their environment.
struct ChildProcess: ~Copyable {
  private let pid: pid_t
  /// Finds the children of this process.
  private let processes = ProcFileSystem()
  /// The start time of the program, in clock ticks since boot; nil if unknown.
  private let startTicks: UInt64?
  /// The value of ``mark`` in the program's environment.
  private let markValue: String
  private var status: Int32?

  /// A variable that marks the program and its descendants, with a random value per program.
  static let mark = "CONNREAP_NOTIFICATION"

  /// The path by which an interpreter opens its script; see ``script``.
  static let scriptPath = "/proc/self/fd/\(script)"
  /// The descriptor of the script in the new process. It stays open for the interpreter.
  private static let script = STDERR_FILENO + 1

  /// `POSIX_SPAWN_SETSID` of glibc 2.26 and later, hidden without `_GNU_SOURCE`.
  private static let ownSession: Int16 = 0x80

  /// How long to wait for the descendants to end.
  private static let gracePeriod = Duration.seconds(1)

  /// Starts `program` with the arguments `words`, the first of which names it.
  ///
  /// `input` and `output` are its standard streams. It has no other descriptor except its script.
  /// It starts with no signal blocked or ignored.
  init(
    _ program: borrowing TrustedProgram, _ words: [String], environment: [String],
    input: FileDescriptor, output: FileDescriptor
  ) throws(Errno) {
    let markValue = String(UInt64.random(in: .min ... .max), radix: 16)
    let environment = environment + ["\(Self.mark)=\(markValue)"]
    self.markValue = markValue
    guard adopt_orphans(1) == 0 else { throw Errno(rawValue: errno) }
    // If SIGCHLD is ignored, which a process can inherit, waitpid(2) returns no exit status.
    signal(SIGCHLD, SIG_DFL)
    Self.closeOnExecution()
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    unsafe posix_spawn_file_actions_adddup2(&actions, input.rawValue, STDIN_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, output.rawValue, STDOUT_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, output.rawValue, STDERR_FILENO)
    if let script = program.script {
      unsafe posix_spawn_file_actions_adddup2(&actions, script.rawValue, Self.script)
    }
    var none = sigset_t()
    unsafe sigemptyset(&none)
    var every = sigset_t()
    unsafe sigfillset(&every)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &every)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | Self.ownSession)
    var pid: pid_t = 0
    // Run the checked file, even if its path now refers to another one. execveat(2) would need
    // /proc, too.
    let file = "/proc/self/fd/\(program.executable.rawValue)"
    let arguments = program.arguments(words, script: Self.scriptPath)
    let code = unsafe Self.withTexts(arguments) { arguments in
      unsafe Self.withTexts(environment) { settings in
        unsafe posix_spawn(&pid, file, &actions, &attributes, arguments, settings)
      }
    }
    guard code == 0 else {
      _ = adopt_orphans(0)
      throw Errno(rawValue: code)
    }
    self.pid = pid
    startTicks = try? processes.startTicks(of: pid)
  }

  /// Marks all descriptors of this process except the standard streams as close-on-exec.
  private static func closeOnExecution() {
    guard let directory = unsafe opendir("/proc/self/fd") else { return }
    defer { unsafe closedir(directory) }
    while let entry = unsafe readdir(directory) {
      let number = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe Int32(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
      }
      guard let number, number > STDERR_FILENO else { continue }
      _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    }
  }

  /// Calls `body` with `texts` as a null-terminated array of C strings.
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

  /// The wait(2) status of the program; nil while it runs.
  mutating func endedStatus() -> Int32? {
    if let status { return status }
    var information = unsafe siginfo_t()
    // It stays a zombie, so its pid and process group cannot be reused.
    let code = unsafe waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT)
    guard code == 0, unsafe information.si_signo == SIGCHLD else { return nil }
    // The process group cannot be reused before the leader is reaped.
    _ = Glibc.kill(-pid, SIGKILL)
    var status: Int32 = 0
    guard unsafe waitpid(pid, &status, 0) == pid else { return nil }
    self.status = status
    return status
  }

  /// Kills the program and all its remaining descendants.
  ///
  /// A child of this process keeps its pid until this process waits for it, so no other process can
  /// be hit. When a child ends, its children become children of this process.
  ///
  /// - Returns: the number of processes that the program left behind, including those that could
  ///   not be killed.
  mutating func endAll() -> Int {
    defer { _ = adopt_orphans(0) }
    if status == nil { _ = Glibc.kill(-pid, SIGKILL) }
    let deadline = ContinuousClock.now + Self.gracePeriod
    var killed: Set<pid_t> = []
    while ContinuousClock.now < deadline {
      if status == nil { _ = endedStatus() }
      let left = descendants
      if left.isEmpty, status != nil { break }
      for child in left where child != pid || status == nil {
        var code: Int32 = 0
        switch unsafe waitpid(child, &code, WNOHANG) {
        case 0:
          _ = Glibc.kill(child, SIGKILL)
          killed.insert(child)
        case child where child == pid: status = code
        // A member of the program's group, which was killed when the program ended.
        case child where code & 0x7f == SIGKILL: killed.insert(child)
        default: break
        }
      }
      usleep(2000)
    }
    killed.remove(pid)
    return killed.count
  }

  /// The children of this process that descend from the program, including zombies.
  ///
  /// The first process of a container also adopts other orphans.
  private var descendants: [pid_t] {
    guard let startTicks, let children = try? processes.children(of: getpid()) else { return [] }
    let ownSession = getsid(0)
    return children.filter { child in
      guard (child.startTicks ?? 0) >= startTicks else { return false }
      let session = getsid(child.pid)
      guard session >= 0, session != ownSession else { return false }
      return session == pid
        || (try? processes.environmentValue(of: Self.mark, in: child.pid)) == markValue
    }.map(\.pid)
  }
}
