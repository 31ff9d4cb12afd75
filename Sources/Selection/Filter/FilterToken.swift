/// One token of a filter, with its place.
struct FilterToken {
  let kind: Kind
  /// A word without its quotes; of anything else, the characters as they stand there.
  let text: String
  /// Where it stands, in UTF-8 offsets of the filter, quotes included.
  let range: Range<Int>

  enum Kind: Equatable {
    /// A word; one in quotes is a value and never a keyword.
    case word(isQuoted: Bool)
    case open
    case close
    case and
    case or
    case not
    case comparison(FilterComparison)
    /// The end of the filter, of no length.
    case end
  }

  /// The word, if it can be a keyword.
  var keyword: String? { kind == .word(isQuoted: false) ? text : nil }

  /// Whether it is a word, in quotes or not.
  var isWord: Bool {
    if case .word = kind { true } else { false }
  }

  /// Where the first character of ``text`` stands.
  var textStart: Int { kind == .word(isQuoted: true) ? range.lowerBound + 1 : range.lowerBound }

  /// The kind of an unquoted word, or of a sign: operators have both.
  init(_ text: String, at range: Range<Int>) {
    self.text = text
    self.range = range
    kind =
      switch text {
      case "(": .open
      case ")": .close
      case "and", "&", "&&": .and
      case "or", "|", "||": .or
      case "not", "!": .not
      default: FilterComparison(text).map(Kind.comparison) ?? .word(isQuoted: false)
      }
  }

  init(kind: Kind, text: String, at range: Range<Int>) {
    self.kind = kind
    self.text = text
    self.range = range
  }
}

/// How a filter compares.
enum FilterComparison: Equatable {
  case equal
  case unequal
  case atLeast
  case atMost
  case greater
  case less

  /// The comparison that `ss` spells so.
  init?(_ text: String) {
    switch text {
    case "=", "==", "eq": self = .equal
    case "!=", "ne", "neq": self = .unequal
    case ">=", "ge", "geq": self = .atLeast
    case "<=", "le", "leq": self = .atMost
    case ">", "gt": self = .greater
    case "<", "lt": self = .less
    default: return nil
    }
  }
}
