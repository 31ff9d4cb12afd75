internal import Glibc
public import StateFiles
public import SystemPackage

/// A program, with its arguments, that receives a report on its standard input.
///
/// It runs by its absolute path, without a shell, in its own session. Its environment contains only
/// `PATH` and a mark. When it ends or times out, all its remaining descendants are killed.
public struct NotifiedProgram: Sendable {
  private let words: [String]

  /// The `PATH` in its environment.
  private static let searchPath: [FilePath] = [
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
  ]

  /// The program `words[0]` with the remaining words as arguments; nil if it is not an absolute
  /// path.
  public init?(_ words: [String]) {
    guard let path = words.first, path.hasPrefix("/") else { return nil }
    self.words = words
  }

  /// The path of the program.
  public var path: String { words[0] }

  /// Runs the program with `input` on its standard input, until it ends.
  ///
  /// - Parameters:
  ///   - timeout: when to kill it and all its descendants.
  ///   - user: the user who, besides root, may own the program and the directories above it.
  ///   - isStopped: whether to kill it now; called repeatedly, at least every 10 ms.
  ///   - reporting: receives its output, however it ended; not called if it was not started.
  /// - Throws: ``NotificationProblem`` unless the program ran and exited with status 0.
  public func notify(
    _ input: [UInt8], timeout: Duration, user: UInt32, isStopped: () -> Bool = { false },
    reporting: (ProgramOutput) -> Void = { _ in }
  ) throws(NotificationProblem) {
    let program: TrustedProgram
    do {
      program = try TrustedProgram(FilePath(path), user: user, searchPath: Self.searchPath)
    } catch {
      throw .untrusted(error)
    }
    let (end, output) = try run(
      program, input, until: ContinuousClock.now + timeout, isStopped: isStopped)
    reporting(output)
    switch end {
    case .late: throw .late(path, timeout)
    case .stopped: throw .stopped(path)
    case .ended(let status):
      // The low seven bits hold the terminating signal (wait(2)).
      let signal = status & 0x7f
      guard signal == 0 else { throw .killed(path, signal: signal) }
      let code = status >> 8 & 0xff
      guard code == 0 else { throw .exited(path, status: code) }
    }
  }

  private func run(
    _ program: consuming TrustedProgram, _ input: [UInt8],
    until deadline: ContinuousClock.Instant, isStopped: () -> Bool
  ) throws(NotificationProblem) -> (ProgramEnd, ProgramOutput) {
    let running: Running
    do {
      running = try Running(program, words, input, searchPath: Self.searchPath)
    } catch {
      throw .cannotStart(path, error)
    }
    return running.end(until: deadline, isStopped: isStopped)
  }
}

/// How a program ended.
private enum ProgramEnd {
  case ended(status: Int32)
  case late
  case stopped
}

/// A running program and this process's ends of its standard streams.
private struct Running: ~Copyable {
  private var child: ChildProcess
  private var feed: ProgramInput
  private var pipe: OutputPipe

  init(
    _ program: borrowing TrustedProgram, _ words: [String], _ input: [UInt8],
    searchPath: [FilePath]
  ) throws(Errno) {
    var feed = try ProgramInput(input)
    var pipe = try OutputPipe()
    child = try ChildProcess(
      program, words,
      environment: ["PATH=" + searchPath.map(\.string).joined(separator: ":")],
      input: feed.far, output: pipe.far)
    feed.closeFarEnd()
    pipe.closeFarEnd()
    self.feed = feed
    self.pipe = pipe
  }

  /// Waits for the program to end, and kills its remaining descendants.
  consuming func end(
    until deadline: ContinuousClock.Instant, isStopped: () -> Bool
  ) -> (ProgramEnd, ProgramOutput) {
    let end = wait(until: deadline, isStopped: isStopped)
    pipe.drain()
    let left = child.endAll()
    pipe.drain()
    var output = pipe.output
    if case .ended = end { output.leftoverProcesses = left }
    return (end, output)
  }

  /// Writes the input and reads the output until the program ends, times out or is stopped.
  private mutating func wait(
    until deadline: ContinuousClock.Instant, isStopped: () -> Bool
  ) -> ProgramEnd {
    while true {
      if let status = child.endedStatus() { return .ended(status: status) }
      if isStopped() { return .stopped }
      guard ContinuousClock.now < deadline else { return .late }
      var waiting = [
        pollfd(fd: feed.pollDescriptor, events: Int16(POLLOUT), revents: 0),
        pollfd(fd: pipe.pollDescriptor, events: Int16(POLLIN), revents: 0),
      ]
      guard unsafe poll(&waiting, 2, 5) > 0 else { continue }
      if waiting[0].revents != 0 { feed.write() }
      if waiting[1].revents != 0 { pipe.read() }
    }
  }
}

/// Why notifying a program failed.
public enum NotificationProblem: Error, Equatable, Sendable {
  /// Someone else could have written it, or it cannot be run.
  case untrusted(TrustedProgramProblem)
  /// It could not be started.
  case cannotStart(String, Errno)
  /// It timed out and was killed.
  case late(String, Duration)
  /// The run was stopped, and the program was killed.
  case stopped(String)
  /// It exited with this status.
  case exited(String, status: Int32)
  /// This signal killed it.
  case killed(String, signal: Int32)
}

extension NotificationProblem: CustomStringConvertible {
  /// The message for a user.
  public var description: String {
    switch self {
    case .untrusted(let problem): problem.description
    case .cannotStart(let path, let errno): "cannot run \(path): \(errno)"
    case .late(let path, let time): "\(path) did not finish within \(time) and was killed"
    case .stopped(let path): "\(path) was killed before it finished"
    case .exited(let path, let status): "\(path) exited with status \(status)"
    case .killed(let path, let signal): "\(path) was killed by signal \(signal)"
    }
  }
}
