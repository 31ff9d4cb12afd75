/// The text of a policy file, split into lines as libyaml counts them.
struct PolicySource: Sendable {
  let name: String
  let text: String
  private let lines: [Substring]

  /// The maximum size of a file, in bytes: enough for a thousand policies.
  static let sizeLimit = 1 << 18
  /// The maximum length of a line, in Unicode scalars, since finding a column takes linear time.
  static let lineLimit = 4096

  /// The text in `bytes`, if it is UTF-8 with only the characters that YAML allows.
  init(name: String, bytes: [UInt8]) throws(PolicyFileProblems) {
    self.name = name
    guard bytes.count <= Self.sizeLimit else {
      throw Self.refusal(name, "the file has more than \(Self.sizeLimit) bytes")
    }
    var text = String(decoding: bytes, as: UTF8.self)
    // libyaml would count a byte order mark as a column.
    if text.unicodeScalars.first == "\u{feff}" { text.unicodeScalars.removeFirst() }
    self.text = text
    lines = Self.lines(of: text)
    for (index, line) in lines.enumerated() {
      for (column, scalar) in line.unicodeScalars.enumerated() {
        let span = SourceSpan(line: index + 1, column: column + 1, length: 1)
        guard column < Self.lineLimit else {
          throw refusal("the line is longer than \(Self.lineLimit) characters", at: span)
        }
        if !Self.isAllowed(scalar) {
          let number = String(scalar.value, radix: 16)
          throw refusal("the character \\u{\(number)} is not allowed in a policy file", at: span)
        }
      }
    }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      // The first replacement character is at the first invalid byte or before it.
      throw refusal("the file is not UTF-8", at: firstReplacement)
    }
  }

  /// Whether the text ends before `line` or in it, if it is empty.
  func isEnd(_ line: Int) -> Bool {
    line > lines.count || line == lines.count && lines[line - 1].isEmpty
  }

  /// The character at this position; the end of the last line for a later one.
  func span(line: Int, column: Int) -> SourceSpan {
    guard line > lines.count else { return SourceSpan(line: line, column: column, length: 1) }
    let last = lines.last?.unicodeScalars.count ?? 0
    return SourceSpan(line: lines.count, column: last + 1, length: 1)
  }

  /// The line that `span` is in.
  func line(of span: SourceSpan) -> Substring {
    lines.indices.contains(span.line - 1) ? lines[span.line - 1] : ""
  }

  /// The rest of the line from the start of `span`.
  func rest(from span: SourceSpan) -> Substring.UnicodeScalarView {
    line(of: span).unicodeScalars.dropFirst(span.column - 1)
  }

  /// The number of scalars of ``text`` before `span`.
  func offset(of span: SourceSpan) -> Int {
    let index = line(of: span).unicodeScalars.prefix(span.column - 1).endIndex
    return text.unicodeScalars.distance(from: text.startIndex, to: index)
  }

  /// The problem at `span` of this file.
  func problem(
    _ message: String, at span: SourceSpan, severity: PolicyProblem.Severity = .error
  ) -> PolicyProblem {
    PolicyProblem(
      file: name, line: span.line, column: span.column, length: span.length, severity: severity,
      message: message, sourceLine: line(of: span))
  }

  private func refusal(_ message: String, at span: SourceSpan) -> PolicyFileProblems {
    PolicyFileProblems([problem(message, at: span)])
  }

  private static func refusal(_ name: String, _ message: String) -> PolicyFileProblems {
    PolicyFileProblems([
      PolicyProblem(
        file: name, line: 1, column: 1, length: 1, severity: .error, message: message,
        sourceLine: "")
    ])
  }

  private var firstReplacement: SourceSpan {
    for (index, line) in lines.enumerated() {
      for (column, scalar) in line.unicodeScalars.enumerated() where scalar == "\u{fffd}" {
        return SourceSpan(line: index + 1, column: column + 1, length: 1)
      }
    }
    return .start
  }

  private static func lines(of text: String) -> [Substring] {
    var lines: [Substring] = []
    var start = text.startIndex
    var position = start
    let scalars = text.unicodeScalars
    while position < scalars.endIndex {
      let end = position
      let scalar = scalars[position]
      scalars.formIndex(after: &position)
      guard isBreak(scalar) else { continue }
      if scalar == "\r", position < scalars.endIndex, scalars[position] == "\n" {
        scalars.formIndex(after: &position)
      }
      lines.append(text[start..<end])
      start = position
    }
    lines.append(text[start...])
    return lines
  }

  /// The line breaks of YAML 1.1, section 4.2.
  private static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
    default: false
    }
  }

  /// The printable characters of YAML 1.1, section 4.1, without the byte order mark and the private
  /// use characters that ``PolicyDocument`` substitutes for others.
  static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x20...0x7e, 0xa0...0xd7ff, 0xe100...0xfefe, 0xff00...0xfffd, 0x10000...0x10ffff:
      true
    default: false
    }
  }
}
