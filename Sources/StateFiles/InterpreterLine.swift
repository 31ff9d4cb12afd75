/// The first line of a script (`#!`), parsed as the kernel does (fs/binfmt_script.c).
enum InterpreterLine: Equatable {
  /// A program by path, with at most one argument.
  case program(String, argument: String?)
  /// A program that `env` finds by name.
  case searched(String)

  /// Parses the first line of `bytes`, which begin with `#!`.
  init(_ bytes: [UInt8]) throws(InterpreterProblem) {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { throw .unterminated }
    let line = Self.trimmed(bytes[2..<end])
    guard let path = line.split(maxSplits: 1, whereSeparator: Self.isBlank).first,
      path.first == UInt8(ascii: "/")
    else { throw .notAbsolute }
    let rest = Self.trimmed(line[path.endIndex...])
    let name = String(decoding: path, as: UTF8.self)
    let argument = rest.isEmpty ? nil : String(decoding: rest, as: UTF8.self)
    guard name.hasSuffix("/env"), let argument else {
      self = .program(name, argument: argument)
      return
    }
    // Only env can interpret options, assignments and several words, so refuse them.
    let isName = rest.allSatisfy { !Self.isBlank($0) && $0 != UInt8(ascii: "=") }
    guard isName, !argument.hasPrefix("-"), !argument.contains("/") else {
      throw .options(argument)
    }
    self = .searched(argument)
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let start = bytes.drop(while: isBlank)
    guard let last = start.lastIndex(where: { !isBlank($0) }) else { return [] }
    return start[...last]
  }
}
