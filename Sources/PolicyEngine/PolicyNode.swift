/// A part of a policy file: YAML without types, with the place of everything.
indirect enum PolicyNode {
  case scalar(SourceScalar)
  case list([PolicyNode], SourceSpan)
  case map(SourceMap)
  /// Something that YAML has and a policy has not; the problem is known.
  case refused(SourceSpan)

  /// Where it starts; a list or a map is marked at its first character.
  var span: SourceSpan {
    switch self {
    case .scalar(let scalar): scalar.span
    case .list(_, let span), .refused(let span): span
    case .map(let map): map.span
    }
  }

  /// Whether a problem says already that it cannot be here.
  var isRefused: Bool {
    if case .refused = self { true } else { false }
  }

  /// What it is, to follow "not".
  var kind: String {
    switch self {
    case .scalar(let scalar): scalar.isAbsent ? "nothing" : "a single value"
    case .list: "a list"
    case .map: "a map"
    case .refused: "this"
    }
  }
}

/// The keys of a map in their order, each once.
struct SourceMap {
  let entries: [SourceEntry]
  let span: SourceSpan
}

/// A key and what it is given.
struct SourceEntry {
  let key: SourceScalar
  let value: PolicyNode
}

/// A text in a policy file, as it stands there: no word is taken for a number or a truth value.
struct SourceScalar {
  let text: String
  let span: SourceSpan
  /// Whether it stands there without quotes.
  let isPlain: Bool
  /// The column of its first character when the file has it letter by letter on one line.
  let verbatimColumn: Int?

  /// Whether there is nothing at all, as after the colon of `key:`.
  var isAbsent: Bool { isPlain && text.isEmpty }

  /// Whether it is the null of YAML (section 10.3.2 of YAML 1.2), which a template or a serializer
  /// writes for a value that it does not have.
  var isNull: Bool { isPlain && ["null", "Null", "NULL", "~"].contains(text) }

  /// The part in `range`, in UTF-8 offsets of ``text``; all of it when the part cannot be told.
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
