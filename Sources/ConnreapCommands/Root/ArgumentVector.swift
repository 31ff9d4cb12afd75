import Operations

/// The arguments of the process, as the kernel passed them: bytes, the name of the program first.
public struct ArgumentVector: Sendable {
  private let strings: [[UInt8]]

  /// These strings, without the zero byte that ends each in C.
  public init(_ strings: [[UInt8]]) {
    self.strings = strings
  }

  /// The arguments behind the name of the program.
  ///
  /// - Throws: when there is no name, and so no argument can be told from another; and when an
  ///   argument is not text: what was read instead of it could name something else.
  func words() throws(CommandFailure) -> [String] {
    // The kernel passes an empty name in place of an empty vector (Linux 5.18).
    guard let name = strings.first, !name.isEmpty else {
      throw CommandFailure(
        .failed, "it was started without arguments, not even its own name",
        remedy: "start it from a shell, or pass 'connreap' as the first argument to execve")
    }
    var words: [String] = []
    for (index, bytes) in strings.enumerated().dropFirst() {
      guard let word = String(validating: bytes, as: UTF8.self) else {
        throw CommandFailure(
          .usage, "argument \(index) is not valid UTF-8: \(Self.visible(bytes))",
          remedy: "a network namespace without a name in UTF-8 is selected by a process in it: "
            + "--netns PID")
      }
      words.append(word)
    }
    return words
  }

  /// The text of `bytes`, with `\xNN` for each that is no printable ASCII, cut where it is long.
  private static func visible(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".unicodeScalars)
    var text = ""
    for byte in bytes.prefix(64) {
      if (0x20..<0x7f).contains(byte) {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
    return "\"\(text)\(bytes.count > 64 ? "…" : "")\""
  }
}
