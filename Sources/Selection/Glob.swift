public import Connections

/// A shell pattern that must match a whole name: `*`, `?`, `[abc]` and `[!a-z]`.
///
/// A `\` escapes only `*`, `?`, `[` and another `\`. Elsewhere it is a plain backslash, so that the
/// unit `my\x2dapp.service` matches itself.
///
/// Names are compared as bytes: no Unicode equivalence, no case folding. `?` and sets match one
/// UTF-8 encoded Unicode scalar. A byte of invalid UTF-8 is a character of its own. For any
/// pattern, matching takes at most time proportional to the product of both lengths.
public struct Glob: Hashable, Sendable {
  /// The pattern as the user wrote it.
  public let pattern: String
  private let pieces: [Piece]

  private enum Piece: Hashable {
    case character(NameCharacter)
    case anyCharacter
    case anyRun
    case oneOf([ClosedRange<NameCharacter>], negated: Bool)

    func matches(_ character: NameCharacter) -> Bool {
      switch self {
      case .character(let own): own == character
      case .anyCharacter, .anyRun: true
      case .oneOf(let ranges, let negated): ranges.contains { $0.contains(character) } != negated
      }
    }
  }

  /// Parses a pattern.
  ///
  /// - Throws: ``GlobProblem`` with the faulty part.
  public init(_ text: some StringProtocol) throws(GlobProblem) {
    pattern = String(text)
    var reader = Reader(pattern)
    guard !reader.isAtEnd else { throw GlobProblem(kind: .empty, range: 0..<0) }
    var pieces: [Piece] = []
    while let element = reader.next() {
      switch element.special {
      case UInt8(ascii: "*"): if pieces.last != .anyRun { pieces.append(.anyRun) }
      case UInt8(ascii: "?"): pieces.append(.anyCharacter)
      case UInt8(ascii: "["): pieces.append(try reader.set(from: element.start))
      default: pieces.append(.character(element.character))
      }
    }
    self.pieces = pieces
  }

  /// Whether the pattern matches the whole of `name`.
  public func matches(_ name: Span<UInt8>) -> Bool {
    var position = 0
    var piece = 0
    // Where to continue after the last `*`: each time the rest fails, the `*` takes one more
    // character. Earlier `*` need no retry, because the last one can absorb the same characters.
    var afterRun: (piece: Int, position: Int)?
    while position < name.count {
      if piece < pieces.count, pieces[piece] == .anyRun {
        piece += 1
        afterRun = (piece, position)
        continue
      }
      let character = NameCharacter(at: position, of: name)
      if piece < pieces.count, pieces[piece].matches(character) {
        piece += 1
        position += character.length
      } else if let run = afterRun {
        let next = run.position + NameCharacter(at: run.position, of: name).length
        afterRun = (run.piece, next)
        piece = run.piece
        position = next
      } else {
        return false
      }
    }
    return piece == pieces.count || (piece == pieces.count - 1 && pieces[piece] == .anyRun)
  }

  /// Whether the pattern matches the whole of `name`.
  public func matches(_ name: String) -> Bool { matches(name.utf8Span.span) }

  /// Whether the pattern matches the whole of `name`.
  public func matches(_ name: KernelName) -> Bool { name.withBytes { matches($0) } }

  /// Whether every name that starts with a matching name matches too.
  var endsWithRun: Bool { pieces.last == .anyRun }

  /// The end of the pattern element at `position`: an escape, a set with its brackets, or one byte.
  static func endOfElement(in pattern: [UInt8], from position: Int) -> Int {
    var reader = Reader(pattern, from: position)
    guard let element = reader.next() else { return pattern.count }
    if element.special == UInt8(ascii: "["), (try? reader.set(from: position)) != nil {
      return reader.position
    }
    return element.isEscaped ? position + 2 : position + 1
  }
}

extension Glob: CustomStringConvertible {
  /// The pattern as the user wrote it.
  public var description: String { pattern }
}

extension Glob {
  /// Reads the bytes of a pattern.
  private struct Reader {
    private let bytes: [UInt8]
    private(set) var position: Int

    init(_ text: String) { self.init(Array(text.utf8), from: 0) }

    init(_ bytes: [UInt8], from position: Int) {
      self.bytes = bytes
      self.position = position
    }

    /// A character, possibly escaped by a `\`.
    struct Element {
      let character: NameCharacter
      let isEscaped: Bool
      let start: Int

      /// The unescaped ASCII character, which may have a special meaning.
      var special: UInt8? { isEscaped ? nil : character.ascii }
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func next() -> Element? {
      guard !isAtEnd else { return nil }
      let start = position
      let isEscaped =
        bytes[start] == UInt8(ascii: "\\") && start + 1 < bytes.count
        && #"*?[\"#.utf8.contains(bytes[start + 1])
      if isEscaped { position += 1 }
      let character = NameCharacter(at: position, of: bytes.span)
      position += character.length
      return Element(character: character, isEscaped: isEscaped, start: start)
    }

    /// Reads a set up to its `]`; a leading `]` is a member of the set.
    mutating func set(from start: Int) throws(GlobProblem) -> Piece {
      let negated = isAt("!") || isAt("^")
      if negated { position += 1 }
      var ranges: [ClosedRange<NameCharacter>] = []
      while let low = next() {
        if low.special == UInt8(ascii: "]"), !ranges.isEmpty {
          return .oneOf(ranges, negated: negated)
        }
        guard isAt("-"), position + 1 < bytes.count, bytes[position + 1] != UInt8(ascii: "]") else {
          ranges.append(low.character...low.character)
          continue
        }
        position += 1
        guard let high = next() else { break }
        guard low.character <= high.character else {
          throw GlobProblem(kind: .backwardRange, range: low.start..<position)
        }
        ranges.append(low.character...high.character)
      }
      throw GlobProblem(kind: .unclosedBracket, range: start..<start + 1)
    }

    private func isAt(_ character: Unicode.Scalar) -> Bool {
      position < bytes.count && bytes[position] == UInt8(ascii: character)
    }
  }
}

/// A syntax error in a pattern.
public struct GlobProblem: Error, Equatable, Sendable {
  /// The kind of error.
  public let kind: Kind
  /// The faulty part, in UTF-8 offsets of the text.
  public let range: Range<Int>

  /// The kinds of error.
  public enum Kind: Equatable, Sendable {
    /// An empty pattern.
    case empty
    /// A `[` without a `]`.
    case unclosedBracket
    /// A range in a set whose end precedes its start.
    case backwardRange
  }
}

extension GlobProblem: CustomStringConvertible {
  /// The message for the user, with the remedy.
  public var description: String {
    switch kind {
    case .empty: "missing name or pattern"
    case .unclosedBracket: "unmatched \"[\"; write \"\\[\" for a literal bracket"
    case .backwardRange: "the range ends before it starts"
    }
  }
}
