/// A shell pattern for a whole name: `*`, `?`, `[abc]`, `[!a-z]`, and `\` before a character that
/// is meant as it is.
///
/// It compares Unicode scalars as they are, without regard to canonical equivalence, and takes at
/// most the product of both lengths in time, whatever the pattern.
public struct Glob: Hashable, Sendable {
  /// The pattern as it was written.
  public let pattern: String
  private let pieces: [Piece]

  private enum Piece: Hashable {
    case scalar(Unicode.Scalar)
    case anyScalar
    case anyRun
    case oneOf([ClosedRange<Unicode.Scalar>], negated: Bool)

    func matches(_ scalar: Unicode.Scalar) -> Bool {
      switch self {
      case .scalar(let own): own == scalar
      case .anyScalar, .anyRun: true
      case .oneOf(let ranges, let negated): ranges.contains { $0.contains(scalar) } != negated
      }
    }
  }

  /// The pattern that `text` spells.
  ///
  /// - Throws: ``GlobProblem`` when it is not one, with the part at fault.
  public init(_ text: some StringProtocol) throws(GlobProblem) {
    pattern = String(text)
    var reader = Reader(pattern)
    guard !reader.isAtEnd else { throw GlobProblem(kind: .empty, range: 0..<0) }
    var pieces: [Piece] = []
    while let (scalar, start) = reader.next() {
      switch scalar {
      case "*": if pieces.last != .anyRun { pieces.append(.anyRun) }
      case "?": pieces.append(.anyScalar)
      case "[": pieces.append(try reader.bracket(from: start))
      case "\\": pieces.append(.scalar(try reader.escaped(from: start)))
      default: pieces.append(.scalar(scalar))
      }
    }
    self.pieces = pieces
  }

  /// Whether the whole of `name` is what the pattern describes.
  public func matches(_ name: some StringProtocol) -> Bool {
    let scalars = name.unicodeScalars
    var position = scalars.startIndex
    var piece = 0
    // Where to go on after the last `*`: it takes one scalar more each time the rest fails. An
    // earlier `*` need not be tried again, as the later one can take whatever it would leave.
    var afterRun: (piece: Int, position: String.Index)?
    while position < scalars.endIndex {
      if piece < pieces.count, pieces[piece] == .anyRun {
        piece += 1
        afterRun = (piece, position)
      } else if piece < pieces.count, pieces[piece].matches(scalars[position]) {
        piece += 1
        scalars.formIndex(after: &position)
      } else if let run = afterRun {
        let next = scalars.index(after: run.position)
        afterRun = (run.piece, next)
        piece = run.piece
        position = next
      } else {
        return false
      }
    }
    return piece == pieces.count || (piece == pieces.count - 1 && pieces[piece] == .anyRun)
  }

  /// Walks over a pattern and counts its octets.
  private struct Reader {
    private var rest: String.UnicodeScalarView.SubSequence
    private var offset = 0

    init(_ text: String) { rest = text.unicodeScalars[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func next() -> (scalar: Unicode.Scalar, start: Int)? {
      guard let scalar = rest.popFirst() else { return nil }
      defer { offset += UTF8.width(scalar) }
      return (scalar, offset)
    }

    mutating func escaped(from start: Int) throws(GlobProblem) -> Unicode.Scalar {
      guard let (scalar, _) = next() else {
        throw GlobProblem(kind: .nothingEscaped, range: start..<start + 1)
      }
      return scalar
    }

    /// The set after its `[`, up to its `]`; a `]` that comes first is one of the set.
    mutating func bracket(from start: Int) throws(GlobProblem) -> Piece {
      let negated = rest.first == "!" || rest.first == "^"
      if negated { _ = next() }
      var ranges: [ClosedRange<Unicode.Scalar>] = []
      while let (scalar, from) = next() {
        if scalar == "]", !ranges.isEmpty { return .oneOf(ranges, negated: negated) }
        let low = scalar == "\\" ? try escaped(from: from) : scalar
        guard rest.first == "-", let after = rest.dropFirst().first, after != "]" else {
          ranges.append(low...low)
          continue
        }
        _ = next()
        guard let (last, at) = next() else { break }
        let high = last == "\\" ? try escaped(from: at) : last
        guard low <= high else {
          throw GlobProblem(kind: .backwardRange, range: from..<offset)
        }
        ranges.append(low...high)
      }
      throw GlobProblem(kind: .unclosedBracket, range: start..<start + 1)
    }
  }
}

extension Glob: CustomStringConvertible {
  /// The pattern as it was written.
  public var description: String { pattern }
}

/// Why a text is not a pattern, and which part of it is at fault.
public struct GlobProblem: Error, Equatable, Sendable {
  /// The kind of fault.
  public let kind: Kind
  /// The part at fault, in UTF-8 offsets of the text.
  public let range: Range<Int>

  /// The kinds of fault.
  public enum Kind: Equatable, Sendable {
    /// There is no text.
    case empty
    /// A `[` has no `]`.
    case unclosedBracket
    /// In a set, the range ends before it starts.
    case backwardRange
    /// It ends with a `\`.
    case nothingEscaped
  }
}

extension GlobProblem: CustomStringConvertible {
  /// The message for a user, with the remedy.
  public var description: String {
    switch kind {
    case .empty: "a name or pattern is missing"
    case .unclosedBracket: "the \"[\" has no \"]\"; write \"\\[\" for the character itself"
    case .backwardRange: "the range ends before it starts"
    case .nothingEscaped: "nothing follows the \"\\\"; write \"\\\\\" for the character itself"
    }
  }
}
