import Glibc

/// The result of a finished command.
struct CommandResult: Equatable {
  /// The exit status, or 128 plus the number of the signal that ended it, as in a shell.
  let status: Int32
  /// Standard output.
  let output: [UInt8]
  /// Standard error.
  let errors: [UInt8]

  /// Standard output as text.
  var text: String { String(decoding: output, as: UTF8.self) }
  /// Standard error as text.
  var errorText: String { String(decoding: errors, as: UTF8.self) }
  /// The lines of standard output.
  var lines: [Substring] { text.split(whereSeparator: \.isNewline) }
}

/// A running command with captured output, a time limit and no terminal.
final class Command {
  /// The process ID.
  let pid: pid_t
  private var output: Int32
  private var errors: Int32
  private var status: Int32?

  /// Starts a program from `PATH` in its own process group.
  ///
  /// - Parameters:
  ///   - input: standard input, at most 64 KiB: the capacity of a pipe without a reader.
  ///   - environment: variables added to the test's environment.
  init(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws {
    precondition(input.utf8.count <= 65_536)
    let stdin = try Self.pipe()
    let stdout = try Self.pipe()
    let stderr = try Self.pipe()
    Array(input.utf8).withUnsafeBytes { _ = write(stdin.writing, $0.baseAddress, $0.count) }
    close(stdin.writing)
    defer {
      close(stdin.reading)
      close(stdout.writing)
      close(stderr.writing)
    }
    output = stdout.reading
    errors = stderr.reading
    pid = try Spawn.start(
      arguments, input: stdin.reading, output: stdout.writing, errors: stderr.writing,
      environment: environment)
  }

  deinit {
    if status == nil {
      kill(-pid, SIGKILL)
      waitpid(pid, nil, 0)
    }
    for descriptor in [output, errors] where descriptor >= 0 { close(descriptor) }
  }

  /// Runs a program until it exits.
  static func run(
    _ arguments: [String], input: String = "", environment: [String: String] = [:],
    seconds: Int = 30
  ) throws -> CommandResult {
    try Command(arguments, input: input, environment: environment).end(within: seconds)
  }

  /// Sends a signal to the process.
  func signal(_ number: Int32) { kill(pid, number) }

  /// Collects the output until the process exits.
  ///
  /// After a timeout, `deinit` kills the process group.
  func end(within seconds: Int = 30) throws -> CommandResult {
    let deadline = ContinuousClock.now + .seconds(seconds)
    var collected: [[UInt8]] = [[], []]
    while output >= 0 || errors >= 0 {
      var pollDescriptors = [
        pollfd(fd: output, events: Int16(POLLIN), revents: 0),
        pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
      ]
      let ready = poll(&pollDescriptors, 2, Self.milliseconds(until: deadline))
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else {
        throw HarnessProblem.timedOut("the output of a command", seconds: seconds)
      }
      for index in pollDescriptors.indices where pollDescriptors[index].revents != 0 {
        if Self.drain(pollDescriptors[index].fd, into: &collected[index]) { continue }
        close(pollDescriptors[index].fd)
        if index == 0 { output = -1 } else { errors = -1 }
      }
    }
    let status = try wait(until: deadline, seconds: seconds)
    return CommandResult(status: status, output: collected[0], errors: collected[1])
  }

  private func wait(until deadline: ContinuousClock.Instant, seconds: Int) throws -> Int32 {
    var waitStatus: Int32 = 0
    while waitpid(pid, &waitStatus, WNOHANG) != pid {
      guard ContinuousClock.now < deadline else {
        throw HarnessProblem.timedOut("the end of a command", seconds: seconds)
      }
      pause(for: .milliseconds(2))
    }
    let code = waitStatus & 0x7f == 0 ? waitStatus >> 8 & 0xff : 128 + waitStatus & 0x7f
    status = code
    return code
  }

  /// Reads once. Returns false at EOF.
  private static func drain(_ descriptor: Int32, into bytes: inout [UInt8]) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = read(descriptor, &buffer, buffer.count)
    if count > 0 { bytes += buffer[..<count] }
    return count > 0 || (count < 0 && errno == EINTR)
  }

  private static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
    Int32(max(0, (deadline - .now) / .milliseconds(1)))
  }

  private static func pipe() throws -> (reading: Int32, writing: Int32) {
    try Spawn.alone {
      var ends: [Int32] = [-1, -1]
      guard Glibc.pipe(&ends) == 0 else { throw HarnessProblem.systemCall("pipe", errno) }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      return (ends[0], ends[1])
    }
  }
}

/// A failure of the harness itself.
enum HarnessProblem: Error {
  /// A system call failed, with this errno.
  case systemCall(String, Int32)
  /// An event did not happen in time.
  case timedOut(String, seconds: Int)
  /// A peer exited without answering.
  case peerEnded
  /// A peer did not understand a request.
  case fault(String)
  /// A peer's system call failed, with this errno name.
  case refused(String)
}
