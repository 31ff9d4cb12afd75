import Glibc
package import SystemPackage

/// A question to the user at a terminal.
package enum Question {
  /// What the user answered.
  package enum Answer: Equatable {
    /// `y` or `yes`, and nothing else.
    case yes
    /// Anything else, and the end of input.
    case no
    /// More than one line was there at once, as when text is pasted.
    case tooMuch
    /// A signal arrived that does not end the process by itself.
    case interrupted(signal: Int32)
  }

  /// More than an answer needs, in bytes.
  private static let longest = 256
  /// How long after a line the next one belongs to the same text, in milliseconds: nobody types so fast.
  private static let grace: Int32 = 3
  /// How often it looks for a signal while it waits, in milliseconds.
  private static let pause: Int32 = 250

  /// Asks `question`, and reads the answer from `terminal` alone.
  ///
  /// What was typed before the question is discarded: it answers something else.
  ///
  /// - Parameter signal: the signal that has arrived, if any: it ends the wait.
  package static func ask(
    _ question: String, at terminal: FileDescriptor = .standardInput,
    unless signal: () -> Int32?
  ) -> Answer {
    // Before the question is shown and not after it, so that no answer to it is discarded.
    tcflush(terminal.rawValue, TCIFLUSH)
    tell(question, at: terminal)
    let line: [UInt8]
    switch readLine(from: terminal, unless: signal) {
    case .line(let read): line = read
    case .end: return .no
    case .interrupted(let number): return .interrupted(signal: number)
    }
    // A line that comes with others is a part of pasted text, of which the rest may still be on its way.
    guard !isReadable(terminal, within: grace) else { return .tooMuch }
    let answer = String(decoding: line, as: UTF8.self).lowercased().filter { $0 != " " }
    return answer == "y" || answer == "yes" ? .yes : .no
  }

  /// Shows `text` to the user at `terminal`: on standard error and, when that is somewhere else, on
  /// the terminal itself.
  package static func tell(_ text: String, at terminal: FileDescriptor = .standardInput) {
    Standard.say(text)
    guard isatty(Standard.error.rawValue) == 0,
      fcntl(terminal.rawValue, F_GETFL) & O_ACCMODE != O_RDONLY
    else { return }
    _ = try? terminal.writeAll(text.utf8)
  }

  private enum Input {
    /// A line without its end.
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
    while line.count < longest {
      while !isReadable(terminal, within: pause) {
        if let number = signal() { return .interrupted(signal: number) }
      }
      // One byte at a time, so that whatever follows the line is still there to be seen.
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
