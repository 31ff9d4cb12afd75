import Glibc
package import SystemPackage

/// A question to the user at a terminal.
package enum Question {
  /// The user's answer.
  package enum Answer: Equatable {
    /// Exactly `y` or `yes`, in any case.
    case yes
    /// Anything else, or the end of input.
    case no
    /// Several lines arrived at once, as with pasted text.
    case tooMuch
    /// A signal arrived that the process handles.
    case interrupted(signal: Int32)
  }

  /// The longest answer read, in bytes.
  private static let maximumLength = 256
  /// Input within this many milliseconds after a line counts as pasted: nobody types that fast.
  private static let grace: Int32 = 3
  /// The interval between checks for a signal, in milliseconds.
  private static let pause: Int32 = 250

  /// Asks `question`, and reads the answer from `terminal`.
  ///
  /// Input typed before the question is discarded, since it cannot be an answer.
  ///
  /// - Parameter signal: returns the signal that has arrived, if any, which ends the wait.
  package static func ask(
    _ question: String, at terminal: FileDescriptor = .standardInput,
    unless signal: () -> Int32?
  ) -> Answer {
    // Flush before showing the question, so that no answer is discarded.
    tcflush(terminal.rawValue, TCIFLUSH)
    show(question, at: terminal)
    let line: [UInt8]
    switch readLine(from: terminal, unless: signal) {
    case .line(let read): line = read
    case .end: return .no
    case .interrupted(let number): return .interrupted(signal: number)
    }
    // A line followed at once by more input is pasted text.
    guard !isReadable(terminal, within: grace) else { return .tooMuch }
    let answer = String(decoding: line, as: UTF8.self).lowercased().filter { $0 != " " }
    return answer == "y" || answer == "yes" ? .yes : .no
  }

  /// Shows `text` to the user at `terminal`: on standard error and, if that is redirected, on the
  /// terminal itself.
  package static func show(_ text: String, at terminal: FileDescriptor = .standardInput) {
    Standard.report(text)
    guard isatty(Standard.error.rawValue) == 0,
      fcntl(terminal.rawValue, F_GETFL) & O_ACCMODE != O_RDONLY
    else { return }
    _ = try? terminal.writeAll(OutputCharacters.plain(text).utf8)
  }

  private enum Input {
    /// A line without its newline.
    case line([UInt8])
    /// Input ended before the line did.
    case end
    case interrupted(signal: Int32)
  }

  private static func readLine(
    from terminal: FileDescriptor, unless signal: () -> Int32?
  ) -> Input {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count < maximumLength {
      while !isReadable(terminal, within: pause) {
        if let number = signal() { return .interrupted(signal: number) }
      }
      // One byte at a time, so that input after the line can still be detected.
      let count = unsafe read(terminal.rawValue, &byte, 1)
      if count < 0, errno == EINTR { continue }
      guard count == 1 else { return .end }
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { return .line(line) }
      line.append(byte)
    }
    return .line(line)
  }

  private static func isReadable(_ terminal: FileDescriptor, within milliseconds: Int32) -> Bool {
    var waiting = pollfd(fd: terminal.rawValue, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&waiting, 1, milliseconds) > 0
  }
}
