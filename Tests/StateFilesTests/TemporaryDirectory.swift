import Glibc
import SystemPackage

/// A test's directory, deleted with its contents at the end of the test.
struct TemporaryDirectory: ~Copyable {
  let path: FilePath

  init() throws {
    var template = Array("/tmp/connreap-files-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw Errno(rawValue: errno) }
    path = FilePath(String(cString: made))
  }

  deinit { _ = try? Child(["rm", "-rf", path.string]).wait() }

  func callAsFunction(_ name: String) -> FilePath { path.appending(name) }

  @discardableResult
  func write(_ text: String, to name: String, mode: mode_t = 0o600) throws -> FilePath {
    let file = try FileDescriptor.open(
      path.appending(name), .writeOnly, options: [.create, .truncate],
      permissions: .ownerReadWrite)
    defer { try? file.close() }
    _ = try file.writeAll(text.utf8)
    try check(fchmod(file.rawValue, mode))
    return path.appending(name)
  }
}

/// A program started by a test. If it still runs at the end of this value's lifetime, it is killed.
final class Child {
  let pid: pid_t
  private let output: FileDescriptor
  private var isWaitedFor = false

  init(_ words: [String]) throws {
    let pipe = try FileDescriptor.pipe()
    output = pipe.readEnd
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, pipe.writeEnd.rawValue, 1)
    posix_spawn_file_actions_addclose(&actions, pipe.readEnd.rawValue)
    posix_spawn_file_actions_addclose(&actions, pipe.writeEnd.rawValue)
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, words[0], &actions, nil, &arguments, environ)
    try pipe.writeEnd.close()
    guard code == 0 else { throw Errno(rawValue: code) }
    self.pid = pid
  }

  /// Waits for a line of output, and returns it without the line break.
  func readLine() throws -> String {
    var line: [UInt8] = []
    var byte: [UInt8] = [0]
    while try byte.withUnsafeMutableBytes({ try output.read(into: $0) }) == 1, byte[0] != 10 {
      line.append(byte[0])
    }
    return String(decoding: line, as: UTF8.self)
  }

  func kill() throws {
    try check(Glibc.kill(pid, SIGKILL))
    _ = wait()
  }

  @discardableResult
  func wait() -> CInt {
    var status: CInt = 0
    if !isWaitedFor { waitpid(pid, &status, 0) }
    isWaitedFor = true
    return status
  }

  deinit {
    if !isWaitedFor { Glibc.kill(pid, SIGKILL) }
    wait()
    try? output.close()
  }
}

func check(_ result: CInt) throws {
  if result != 0 { throw Errno(rawValue: errno) }
}

let isRoot = geteuid() == 0
