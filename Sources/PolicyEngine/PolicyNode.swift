/// A part of a policy file: untyped YAML with source positions.
indirect enum PolicyNode {
  case scalar(SourceScalar)
  case list([PolicyNode], SourceSpan)
  case map(SourceMap)
  /// A YAML feature that policies do not support. The problem has been reported.
  case refused(SourceSpan)

  /// The position; the first character of a list or a map.
  var span: SourceSpan {
    switch self {
    case .scalar(let scalar): scalar.span
    case .list(_, let span), .refused(let span): span
    case .map(let map): map.span
    }
  }

  /// Whether a problem has been reported already.
  var isRefused: Bool {
    if case .refused = self { true } else { false }
  }

  /// The kind of node, to follow "not".
  var kind: String {
    switch self {
    case .scalar(let scalar): scalar.isAbsent ? "nothing" : "a single value"
    case .list: "a list"
    case .map: "a map"
    case .refused: "this"
    }
  }
}

/// The keys of a map, in order and unique.
struct SourceMap {
  let entries: [SourceEntry]
  let span: SourceSpan
}

/// A key and its value.
struct SourceEntry {
  let key: SourceScalar
  let value: PolicyNode
}

/// A text in a policy file. No word is interpreted as a number or a Boolean.
struct SourceScalar {
  let text: String
  let span: SourceSpan
  /// Whether it is written without quotes.
  let isPlain: Bool
  /// The column of its first character if the file has the text verbatim on one line.
  let verbatimColumn: Int?

  /// Whether there is no value, as in `key:`.
  var isAbsent: Bool { isPlain && text.isEmpty }

  /// Whether it is a YAML null (YAML 1.2, section 10.3.2), as templates and serializers write for a
  /// missing value.
  var isNull: Bool { isPlain && ["null", "Null", "NULL", "~"].contains(text) }

  /// The position of `range`, in UTF-8 offsets of ``text``; of the whole text if that is unknown.
  func span(of range: Range<Int>) -> SourceSpan {
    guard let verbatimColumn, range.upperBound <= text.utf8.count else { return span }
    let before = text.utf8.prefix(range.lowerBound)
    let part = text.utf8.dropFirst(range.lowerBound).prefix(range.count)
    return SourceSpan(
      line: span.line, column: verbatimColumn + Self.scalarCount(before),
      length: max(1, Self.scalarCount(part)))
  }

  private static func scalarCount(_ bytes: Substring.UTF8View) -> Int {
    bytes.count { $0 & 0xc0 != 0x80 }
  }
}
