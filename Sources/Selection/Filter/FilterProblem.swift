import Connections

/// A syntax error in a filter: its kind, its position and what was expected.
public struct FilterProblem: Error, Equatable, Sendable {
  /// The filter.
  public let filter: String
  /// The kind of error.
  public let kind: Kind
  /// The faulty part, in UTF-8 offsets of ``filter``; empty and at the end if something is missing.
  public let range: Range<Int>
  /// What was expected, if known.
  public let expected: String?
  /// The word that the user probably meant.
  public let suggestion: String?

  /// The faulty part of ``filter``.
  public var fault: String { String(decoding: Array(filter.utf8)[range], as: UTF8.self) }

  init(
    _ kind: Kind, at range: Range<Int>, of filter: String, expected: String? = nil,
    suggestion: String? = nil
  ) {
    self.filter = filter
    self.kind = kind
    self.range = range
    self.expected = expected
    self.suggestion = suggestion
  }

  /// The kinds of error.
  public indirect enum Kind: Equatable, Sendable {
    /// An empty filter.
    case empty
    /// A filter longer than `limit` bytes.
    case tooLong(limit: Int)
    /// A filter with more than `limit` levels of nesting.
    case tooDeep(limit: Int)
    /// A quoted word without a closing quote.
    case unclosedQuote
    /// A `(` without a `)`.
    case unclosedParenthesis
    /// A token that is not valid here.
    case unexpected
    /// A word that is not the name of a term.
    case unknownWord
    /// A term about packets or about sockets other than TCP.
    case notAboutConnections
    /// A comparison that the preceding term does not support.
    case wrongComparison
    /// An ordered comparison with a list or range.
    case listCompared
    /// An IPv6 address whose last group could also be a port.
    case ambiguousAddress
    /// An invalid bracketed address, or invalid text after it.
    case badHost
    /// An invalid network.
    case notANetwork
    /// An invalid IPv4 network mask.
    case notAMask
    /// An invalid value; the problem's own range counts from the start of the value.
    case value(SelectionProblem)
  }
}

extension FilterProblem: CustomStringConvertible {
  /// The message for the user, with the remedy but without the position.
  public var description: String {
    if case .value(let problem) = kind, suggestion == nil { return problem.description }
    if let suggestion { return "\(message); did you mean \(suggestion.quoted)?" }
    return expected.map { "\(message): expected \($0)" } ?? message
  }

  private var message: String {
    switch kind {
    case .empty: "the filter is empty"
    case .tooLong(let limit): "the filter is longer than \(limit) bytes"
    case .tooDeep(let limit):
      "the filter has more than \(limit) levels; each switch between \"and\" and \"or\" adds one"
    case .unclosedQuote: "unterminated quote"
    case .unclosedParenthesis: "unmatched \"(\""
    case .unexpected: range.isEmpty ? "unexpected end of filter" : "unexpected \(fault.quoted)"
    case .unknownWord: "unknown word \(fault.quoted)"
    case .notAboutConnections: "\(fault.quoted) does not describe a TCP connection"
    case .wrongComparison: "invalid comparison \(fault.quoted)"
    case .listCompared: "\(fault.quoted) is more than one value"
    case .ambiguousAddress: "ambiguous address \(fault.quoted)"
    case .badHost: "\(fault.quoted) is not a host"
    case .notANetwork: "\(fault.quoted) is not a network"
    case .notAMask: "\(fault.quoted) is not a mask for this network"
    case .value(let problem): problem.description
    }
  }
}
