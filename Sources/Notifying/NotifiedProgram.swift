internal import Glibc
public import StateFiles
public import SystemPackage

/// A program that is told something on its standard input, and its arguments.
///
/// It is run without a shell, by its absolute path, with nothing in its environment but a `PATH`,
/// with its output on standard error, and in a process group of its own.
public struct NotifiedProgram: Sendable {
  private let words: [String]

  /// All of the environment that it gets.
  static let environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]

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
  ///   - asRoot: whether it has root's power, so that nobody else may have written it.
  /// - Throws: ``NotificationProblem`` when it was not run to a good end.
  public func tell(
    _ input: [UInt8], timeout: Duration, asRoot: Bool
  ) throws(NotificationProblem) {
    do {
      try TrustedFile.checkProgram(FilePath(path), asRoot: asRoot)
    } catch {
      throw .untrusted(error)
    }
    let deadline = ContinuousClock.now + timeout
    let child = try start(feeding: input, until: deadline)
    while true {
      if let status = child.endedStatus() {
        // Termination by a signal is in the low seven bits (wait(2)).
        let signal = status & 0x7f
        guard signal == 0 else { throw .killed(path, signal: signal) }
        let code = status >> 8 & 0xff
        guard code == 0 else { throw .exited(path, status: code) }
        return
      }
      guard ContinuousClock.now < deadline else {
        child.kill()
        throw .late(path, timeout)
      }
      usleep(2000)
    }
  }

  private func start(
    feeding input: [UInt8], until deadline: ContinuousClock.Instant
  ) throws(NotificationProblem) -> ChildProcess {
    do {
      let sockets = try SocketPair()
      let child = try ChildProcess(words, environment: Self.environment, input: sockets.far)
      sockets.write(input, until: deadline)
      return child
    } catch {
      throw .cannotStart(path, error)
    }
  }
}

/// Why a program was not told, or not to a good end.
public enum NotificationProblem: Error, Equatable, Sendable {
  /// Somebody else could have written it, or it is not there.
  case untrusted(TrustedFileProblem)
  /// It could not be started.
  case cannotStart(String, Errno)
  /// It did not end in time, and was killed.
  case late(String, Duration)
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
    case .exited(let path, let status): "\(path) ended with exit status \(status)"
    case .killed(let path, let signal): "signal \(signal) ended \(path)"
    }
  }
}
