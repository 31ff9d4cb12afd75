/// One token of a filter, with its position.
struct FilterToken {
  let kind: Kind
  /// The characters of the token; without the quotes for a quoted word.
  let text: String
  /// The position in UTF-8 offsets of the filter, including quotes.
  let range: Range<Int>

  enum Kind: Equatable {
    /// A word; a quoted word is a value and never a keyword.
    case word(isQuoted: Bool)
    case open
    case close
    case and
    case or
    case not
    case comparison(FilterComparison)
    /// The end of the filter, with an empty range.
    case end
  }

  /// The word, if it can be a keyword.
  var keyword: String? { kind == .word(isQuoted: false) ? text : nil }

  /// Whether it is a word, quoted or not.
  var isWord: Bool {
    if case .word = kind { true } else { false }
  }

  /// The offset of the first character of ``text`` in the filter.
  var textStart: Int { kind == .word(isQuoted: true) ? range.lowerBound + 1 : range.lowerBound }

  /// A token of unquoted text. Operators can be words (`and`) or symbols (`&`).
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

/// A comparison operator of the filter language.
enum FilterComparison: Equatable {
  case equal
  case unequal
  case atLeast
  case atMost
  case greater
  case less

  /// Parses a comparison in any of the spellings of `ss`.
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
