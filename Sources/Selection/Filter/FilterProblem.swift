import Connections

/// Why a text is not a filter, where, and what was expected there.
public struct FilterProblem: Error, Equatable, Sendable {
  /// The filter.
  public let filter: String
  /// The kind of fault.
  public let kind: Kind
  /// The part at fault, in UTF-8 offsets of ``filter``; empty at its end when something is missing.
  public let range: Range<Int>
  /// What would have been right there, where that can be said.
  public let expected: String?
  /// The word that was probably meant.
  public let suggestion: String?

  /// The part of ``filter`` at fault.
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

  /// The kinds of fault.
  public indirect enum Kind: Equatable, Sendable {
    /// There is nothing in it.
    case empty
    /// It has more bytes than a filter may have.
    case tooLong(limit: Int)
    /// It is nested, or changes between and and or, more often than a filter may.
    case tooDeep(limit: Int)
    /// A quotation mark has no second one.
    case unclosedQuote
    /// A `(` has no `)`.
    case unclosedParenthesis
    /// Something else should stand here.
    case unexpected
    /// No term is called so.
    case unknownWord
    /// It is a term about packets, or about sockets that are not of TCP.
    case notAboutConnections
    /// What stands before it cannot be compared so.
    case wrongComparison
    /// A list has no order.
    case listCompared
    /// It is an IPv6 address, and with its last part taken as a port another one.
    case ambiguousAddress
    /// The address in brackets, or the text after it, is not one.
    case badHost
    /// It is not a network.
    case notANetwork
    /// It is not a mask of IPv4 whose ones are all in front.
    case notAMask
    /// The value of a term is not right; the problem's own range counts from the value's start.
    case value(SelectionProblem)
  }
}

extension FilterProblem: CustomStringConvertible {
  /// The message for a user, with the remedy; it does not say the place.
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
      "the filter is nested deeper than \(limit) levels; each change between and and or is one"
    case .unclosedQuote: "the quotation mark has no second one"
    case .unclosedParenthesis: "the \"(\" has no \")\""
    case .unexpected: range.isEmpty ? "the filter ends too early" : "unexpected \(fault.quoted)"
    case .unknownWord: "unknown word \(fault.quoted)"
    case .notAboutConnections: "\(fault.quoted) does not describe a TCP connection"
    case .wrongComparison: "wrong comparison \(fault.quoted)"
    case .listCompared: "\(fault.quoted) is more than one value"
    case .ambiguousAddress: "it is unclear where the address \(fault.quoted) ends"
    case .badHost: "\(fault.quoted) is not a host"
    case .notANetwork: "\(fault.quoted) is not a network"
    case .notAMask: "\(fault.quoted) is not a mask of this network"
    case .value(let problem): problem.description
    }
  }
}
