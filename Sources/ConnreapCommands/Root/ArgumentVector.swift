import Operations

/// The arguments of the process as bytes, as the kernel passed them; the program name comes first.
public struct ArgumentVector: Sendable {
  private let strings: [[UInt8]]

  /// Takes strings without the terminating zero byte.
  public init(_ strings: [[UInt8]]) {
    self.strings = strings
  }

  /// The arguments after the program name.
  ///
  /// - Throws: if the program name is missing, or if an argument is not UTF-8. Repairing it could
  ///   select something else.
  func words() throws(CommandFailure) -> [String] {
    // The kernel passes an empty name in place of an empty vector (Linux 5.18).
    guard let name = strings.first, !name.isEmpty else {
      throw CommandFailure(
        .failed, "started without arguments, not even the program name",
        remedy: "start connreap from a shell, or pass 'connreap' as the first argument to execve")
    }
    var words: [String] = []
    for (index, bytes) in strings.enumerated().dropFirst() {
      guard let word = String(validating: bytes, as: UTF8.self) else {
        throw CommandFailure(
          .usage, "argument \(index) is not valid UTF-8: \(Self.visible(bytes))",
          remedy: "select a network namespace whose name is not UTF-8 by a process in it: "
            + "--netns PID")
      }
      words.append(word)
    }
    return words
  }

  /// `bytes` as printable ASCII, with `\xNN` for other bytes, cut off after 64.
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
