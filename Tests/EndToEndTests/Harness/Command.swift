import Glibc

/// What a command that ended left behind.
struct Ended: Equatable {
  /// The exit status; 128 and the signal's number when a signal ended it, as in a shell.
  let status: Int32
  /// Its standard output.
  let output: [UInt8]
  /// Its standard error.
  let errors: [UInt8]

  /// Standard output as text.
  var text: String { String(decoding: output, as: UTF8.self) }
  /// Standard error as text.
  var complaints: String { String(decoding: errors, as: UTF8.self) }
  /// The lines of standard output.
  var lines: [Substring] { text.split(whereSeparator: \.isNewline) }
}

/// A command that runs: its output is collected, its time is bounded, its input is no terminal.
final class Command {
  /// Its process.
  let pid: pid_t
  private var output: Int32
  private var errors: Int32
  private var status: Int32?

  /// Starts a program, looked up in `PATH`, in a process group of its own.
  ///
  /// - Parameters:
  ///   - input: at most 64 KiB, what a pipe takes without a reader.
  ///   - environment: what is set on top of the test's own environment.
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

  /// Runs a program to its end.
  static func run(
    _ arguments: [String], input: String = "", environment: [String: String] = [:],
    seconds: Int = 30
  ) throws -> Ended {
    try Command(arguments, input: input, environment: environment).end(within: seconds)
  }

  /// Sends it a signal.
  func signal(_ number: Int32) { kill(pid, number) }

  /// Collects what it writes until it ends, and kills it with all its children if that is late.
  func end(within seconds: Int = 30) throws -> Ended {
    let deadline = ContinuousClock.now + .seconds(seconds)
    var collected: [[UInt8]] = [[], []]
    while output >= 0 || errors >= 0 {
      var waiting = [
        pollfd(fd: output, events: Int16(POLLIN), revents: 0),
        pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
      ]
      let ready = poll(&waiting, 2, Self.milliseconds(until: deadline))
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else {
        throw HarnessProblem.timedOut("the output of a command", seconds: seconds)
      }
      for index in waiting.indices where waiting[index].revents != 0 {
        if Self.drain(waiting[index].fd, into: &collected[index]) { continue }
        close(waiting[index].fd)
        if index == 0 { output = -1 } else { errors = -1 }
      }
    }
    let status = try wait(until: deadline, seconds: seconds)
    return Ended(status: status, output: collected[0], errors: collected[1])
  }

  private func wait(until deadline: ContinuousClock.Instant, seconds: Int) throws -> Int32 {
    var word: Int32 = 0
    while waitpid(pid, &word, WNOHANG) != pid {
      guard ContinuousClock.now < deadline else {
        throw HarnessProblem.timedOut("the end of a command", seconds: seconds)
      }
      pause(for: .milliseconds(2))
    }
    let code = word & 0x7f == 0 ? word >> 8 & 0xff : 128 + word & 0x7f
    status = code
    return code
  }

  /// Reads once; false at the end.
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

/// Why the harness itself could not do its work.
enum HarnessProblem: Error {
  /// A system call failed, with its errno.
  case systemCall(String, Int32)
  /// Something did not happen in time.
  case timedOut(String, seconds: Int)
  /// A peer ended without an answer.
  case peerEnded
  /// A request that a peer could not make sense of.
  case fault(String)
  /// Something a peer did failed, with the errno's name.
  case refused(String)
}
