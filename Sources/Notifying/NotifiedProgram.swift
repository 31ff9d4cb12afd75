internal import Glibc
public import StateFiles
public import SystemPackage

/// A program that gets a report on its standard input, and its arguments.
///
/// It is run without a shell, by its absolute path, with nothing in its environment but a `PATH` and a mark,
/// and in a session of its own. When it has ended, or its time is up, everything that it started and
/// left running is killed.
public struct NotifiedProgram: Sendable {
  private let words: [String]

  /// Where programs are looked for: all that its environment has.
  private static let searchPath: [FilePath] = [
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
  ]

  /// The program `words[0]` with the arguments after it; nil when that is no absolute path.
  public init?(_ words: [String]) {
    guard let path = words.first, path.hasPrefix("/") else { return nil }
    self.words = words
  }

  /// The path of the program.
  public var path: String { words[0] }

  /// Runs it to its end with `input` on its standard input.
  ///
  /// - Parameters:
  ///   - timeout: after so long it is killed, with all that it has started.
  ///   - user: the user who, besides root, may own the program and the directories above it.
  ///   - isStopped: asked again and again, at most 10 ms apart: whether to kill it now.
  ///   - reporting: gets its output, however it ended; not called if it was not started.
  /// - Throws: ``NotificationProblem`` when it was not run to a good end.
  public func tell(
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
      // Termination by a signal is in the low seven bits (wait(2)).
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

/// A program that was started, and the ends of its standard streams.
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
    feed.give()
    pipe.give()
    self.feed = feed
    self.pipe = pipe
  }

  /// Waits for the end of the program, and kills what is left.
  consuming func end(
    until deadline: ContinuousClock.Instant, isStopped: () -> Bool
  ) -> (ProgramEnd, ProgramOutput) {
    let end = wait(until: deadline, isStopped: isStopped)
    pipe.drain()
    let left = child.endAll()
    pipe.drain()
    var output = pipe.output
    if case .ended = end { output.processesLeft = left }
    return (end, output)
  }

  /// Feeds the program and reads its output until it has ended or has to.
  private mutating func wait(
    until deadline: ContinuousClock.Instant, isStopped: () -> Bool
  ) -> ProgramEnd {
    while true {
      if let status = child.endedStatus() { return .ended(status: status) }
      if isStopped() { return .stopped }
      guard ContinuousClock.now < deadline else { return .late }
      var waiting = [
        pollfd(fd: feed.waiting, events: Int16(POLLOUT), revents: 0),
        pollfd(fd: pipe.waiting, events: Int16(POLLIN), revents: 0),
      ]
      guard unsafe poll(&waiting, 2, 5) > 0 else { continue }
      if waiting[0].revents != 0 { feed.write() }
      if waiting[1].revents != 0 { pipe.read() }
    }
  }
}

/// Why a program was not notified, or not to a good end.
public enum NotificationProblem: Error, Equatable, Sendable {
  /// Somebody else could have written it, or it cannot be run.
  case untrusted(TrustedProgramProblem)
  /// It could not be started.
  case cannotStart(String, Errno)
  /// It did not end in time, and was killed.
  case late(String, Duration)
  /// The run was stopped meanwhile, and the program was killed.
  case stopped(String)
  /// It ended with this exit status.
  case exited(String, status: Int32)
  /// This signal ended it.
  case killed(String, signal: Int32)
}

extension NotificationProblem: CustomStringConvertible {
  /// The message for a user.
  public var description: String {
    switch self {
    case .untrusted(let problem): problem.description
    case .cannotStart(let path, let errno): "cannot run \(path): \(errno)"
    case .late(let path, let time): "\(path) did not end within \(time) and was killed"
    case .stopped(let path): "\(path) was killed before it had ended"
    case .exited(let path, let status): "\(path) ended with exit status \(status)"
    case .killed(let path, let signal): "signal \(signal) ended \(path)"
    }
  }
}
