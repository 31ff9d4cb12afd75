public import SystemPackage

/// A recorded conversation with the kernel, to inspect or replay later.
///
/// Its text format can be read in a bug report and written by hand in a test:
///
///     # connreap recording 1
///     ! uptime-ms 5230112
///     > 48000000 14000103 …      a request, in hexadecimal
///     < 6c000000 14000200 …      a datagram of the answer
///       01000000                 more of the same datagram
///     < truncated 6c00…          a truncated datagram
///     < sender=4242 6c00…        a datagram from another program's netlink port
///     < errno=105                receiving failed
///
/// `#` starts a comment. Spaces between digits are optional.
public struct Recording: Equatable, Sendable {
  /// Facts about the machine, such as kernel, boot ID and uptime, in the order of the file.
  public var facts: [Fact] = []
  /// The datagrams sent and received, in order.
  public var entries: [Entry] = []

  /// A fact about the machine.
  public struct Fact: Equatable, Sendable {
    /// The name: a word without spaces.
    public let name: String
    /// The value: the rest of the line.
    public let value: String

    /// Creates the fact `name` with this value.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// One step of the conversation.
  public enum Entry: Equatable, Sendable {
    /// A datagram was sent.
    case request([UInt8])
    /// A datagram was received.
    case answer([UInt8], senderPort: UInt32 = 0, isTruncated: Bool = false)
    /// Receiving failed.
    case failure(Errno)
  }

  /// Creates an empty recording.
  public init() {}

  /// The value of the first fact called `name`.
  public func fact(_ name: String) -> String? {
    facts.first { $0.name == name }?.value
  }
}

/// Why a text is not a recording, and in which line.
public struct RecordingProblem: Error, Equatable, Sendable {
  /// The line number, from 1.
  public let line: Int
  /// The kind of problem.
  public let fault: Fault

  /// The kinds of problem.
  public enum Fault: Equatable, Sendable {
    /// The first line is not the title of a recording.
    case notARecording
    /// This program does not support the version.
    case unknownVersion(String)
    /// A line starts with none of `#`, `!`, `>`, `<` and a space.
    case unknownLine
    /// A continuation line has no datagram before it.
    case nothingToContinue
    /// The text is not pairs of hexadecimal digits.
    case notHexadecimal(String)
    /// The answer has an unknown mark.
    case unknownMark(String)
  }
}

extension RecordingProblem: CustomStringConvertible {
  /// The message for a user, without the file's name.
  public var description: String {
    let reason =
      switch fault {
      case .notARecording: "not a connreap recording"
      case .unknownVersion(let version): "unsupported recording version \(version.visible)"
      case .unknownLine: "a line must start with '#', '!', '>', '<' or a space"
      case .nothingToContinue: "continuation line without a datagram before it"
      case .notHexadecimal(let text): "\"\(text.visible)\" is not hexadecimal"
      case .unknownMark(let text):
        "unknown mark \"\(text.visible)\"; use truncated, sender= or errno="
      }
    return "line \(line): \(reason)"
  }
}

extension String {
  /// The text with everything except printable ASCII written as numbers. A recording is untrusted
  /// and must not control the terminal.
  fileprivate var visible: String {
    unicodeScalars.reduce(into: "") { visible, scalar in
      if (0x20...0x7e).contains(scalar.value) {
        visible.unicodeScalars.append(scalar)
      } else {
        visible += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
  }
}
