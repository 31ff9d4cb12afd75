internal import CLinuxProcess
internal import Connections
internal import Glibc
internal import ProcessTable
internal import StateFiles
internal import SystemPackage

/// A program that was started, with everything that it starts; the one place that calls
/// `posix_spawn`, `waitpid` and `kill`.
///
/// It leads a session of its own. What its descendants leave behind becomes a child of this process
/// (`PR_SET_CHILD_SUBREAPER`), whatever session or group it has moved to, so that it is found there.
/// Other orphans can become children of this process in the same way. The program's descendants are
/// in its session, or have inherited a mark in their environment.
struct ChildProcess: ~Copyable {
  private let pid: pid_t
  /// Where this process sees its children.
  private let processes = ProcFileSystem()
  /// When the program was started, in clock ticks since boot; nil if `/proc` does not tell.
  private let startTicks: UInt64?
  /// The value of ``mark`` in the environment of the program.
  private let markValue: String
  private var status: Int32?

  /// A variable that marks the program and what it starts, with a random value for each program.
  static let mark = "CONNREAP_NOTIFICATION"

  /// Where an interpreter finds its script: see ``script``.
  static let scriptPath = "/proc/self/fd/\(script)"
  /// The descriptor of the script in the new process, which stays open for the interpreter.
  private static let script = STDERR_FILENO + 1

  /// `POSIX_SPAWN_SETSID` of glibc 2.26 and later, hidden without `_GNU_SOURCE`.
  private static let ownSession: Int16 = 0x80

  /// How long it may take until the descendants have ended.
  private static let patience = Duration.seconds(1)

  /// Starts `program` with `words`, the first of which names it.
  ///
  /// It has `input` and `output` as its standard streams and no other descriptor but its script,
  /// and starts with no signal blocked or ignored.
  init(
    _ program: borrowing TrustedProgram, _ words: [String], environment: [String],
    input: FileDescriptor, output: FileDescriptor
  ) throws(Errno) {
    let markValue = String(UInt64.random(in: .min ... .max), radix: 16)
    let environment = environment + ["\(Self.mark)=\(markValue)"]
    self.markValue = markValue
    guard adopt_orphans(1) == 0 else { throw Errno(rawValue: errno) }
    // Whoever ignores it never learns how a child ended (waitpid(2)), and it is inherited.
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
    // The file that was checked, whatever is at its path now: execveat(2) needs /proc as well.
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

  /// Keeps the descriptors of this process, but the standard streams, from any program.
  private static func closeOnExecution() {
    guard let folder = unsafe opendir("/proc/self/fd") else { return }
    defer { unsafe closedir(folder) }
    while let entry = unsafe readdir(folder) {
      let number = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe Int32(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
      }
      guard let number, number > STDERR_FILENO else { continue }
      _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    }
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
  mutating func endedStatus() -> Int32? {
    if let status { return status }
    var information = unsafe siginfo_t()
    // It stays a zombie, so that its pid and its process group can be no other's.
    let code = unsafe waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT)
    guard code == 0, unsafe information.si_signo == SIGCHLD else { return nil }
    // Nobody reuses the process group before the leader is waited for.
    _ = Glibc.kill(-pid, SIGKILL)
    var status: Int32 = 0
    guard unsafe waitpid(pid, &status, 0) == pid else { return nil }
    self.status = status
    return status
  }

  /// Kills what is left of the program and of everything that it started.
  ///
  /// A child of this process keeps its pid until this process has waited for it, so that no other
  /// process can be meant. The children of a child become this process's when that ends.
  ///
  /// - Returns: how many processes the program had left behind; what the kernel did not permit to
  ///   kill is among them.
  mutating func endAll() -> Int {
    defer { _ = adopt_orphans(0) }
    if status == nil { _ = Glibc.kill(-pid, SIGKILL) }
    let deadline = ContinuousClock.now + Self.patience
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
        // One of the program's group, which was killed when the program ended.
        case child where code & 0x7f == SIGKILL: killed.insert(child)
        default: break
        }
      }
      usleep(2000)
    }
    killed.remove(pid)
    return killed.count
  }

  /// The children of this process that come from the program, its zombies included.
  ///
  /// The first process of a container has others too, whose parents have ended.
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
