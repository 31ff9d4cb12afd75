public import SystemPackage

/// A conversation with the kernel, as it was, to be looked at or replayed later.
///
/// Its text is made to be read in a bug report and to be written by hand in a test:
///
///     # connreap recording 1
///     ! uptime-ms 5230112
///     > 48000000 14000103 …      a request, in hexadecimal
///     < 6c000000 14000200 …      a datagram that answers it
///       01000000                 more of the same datagram
///     < truncated 6c00…          the same, of a datagram that was cut off
///     < sender=4242 6c00…        the same, of a datagram from another program's port
///     < errno=105                the receiving failed
///
/// `#` starts a comment; spaces between digits are for the eye.
public struct Recording: Equatable, Sendable {
  /// What the machine was, by name: kernel, boot id, uptime. In the order of the file.
  public var facts: [Fact] = []
  /// What was sent and received, in order.
  public var entries: [Entry] = []

  /// One thing known of the machine.
  public struct Fact: Equatable, Sendable {
    /// A word without spaces.
    public let name: String
    /// The rest of the line.
    public let value: String

    /// The fact `name` with this value.
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

  /// A recording of nothing.
  public init() {}

  /// The value of the first fact called `name`.
  public func fact(_ name: String) -> String? {
    facts.first { $0.name == name }?.value
  }
}

/// The line at which a text is not a recording, and why.
public struct RecordingProblem: Error, Equatable, Sendable {
  /// Counted from 1.
  public let line: Int
  /// The kind of fault.
  public let fault: Fault

  /// The kinds of fault.
  public enum Fault: Equatable, Sendable {
    /// The first line is not that of a recording.
    case notARecording
    /// The version is not one that this program reads.
    case unknownVersion(String)
    /// A line starts with none of `#`, `!`, `>`, `<` and a space.
    case unknownLine
    /// A line that continues a datagram has none before it.
    case nothingToContinue
    /// Something else than pairs of hexadecimal digits.
    case notHexadecimal(String)
    /// A mark on an answer that is not known.
    case unknownMark(String)
  }
}

extension RecordingProblem: CustomStringConvertible {
  /// The message for a user, without the file's name.
  public var description: String {
    let reason =
      switch fault {
      case .notARecording: "this is not a recording of connreap: its first line differs"
      case .unknownVersion(let version): "recordings of version \(version.visible) cannot be read"
      case .unknownLine: "a line starts with '#', '!', '>', '<' or a space"
      case .nothingToContinue: "this continues a datagram, and there is none before it"
      case .notHexadecimal(let text): "\"\(text.visible)\" is not hexadecimal"
      case .unknownMark(let text):
        "unknown mark \"\(text.visible)\"; known are truncated, sender=, errno="
      }
    return "line \(line): \(reason)"
  }
}

extension String {
  /// The text with everything that is not printable ASCII as its number: a recording comes from
  /// elsewhere, and has nothing to say to this terminal.
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
