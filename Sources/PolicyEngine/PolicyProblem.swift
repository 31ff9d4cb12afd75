/// An error or warning in a policy file.
public struct PolicyProblem: Equatable, Sendable {
  /// The name of the file.
  public let file: String
  /// The line, from 1.
  public let line: Int
  /// The column, from 1, in Unicode scalars.
  public let column: Int
  /// The length of the fault, in Unicode scalars; at least 1.
  public let length: Int
  /// The severity.
  public let severity: Severity
  /// What is wrong and, if known, what to write instead.
  public let message: String
  /// The line; empty if the file could not be read as text.
  public let sourceLine: Substring

  /// The severity of a problem.
  public enum Severity: String, Sendable {
    /// The file is rejected.
    case error
    /// The file is used but may not mean what its author intended.
    case warning
  }
}

/// The problems of policy files that are rejected; at least one is an error.
public struct PolicyFileProblems: Error, Equatable, Sendable {
  /// The problems of each file: errors first, each kind in the order of the file.
  public let problems: [PolicyProblem]

  init(_ problems: [PolicyProblem]) {
    self.problems = Self.ordered(problems)
  }

  /// Problems of several files, already in order.
  init(inGivenOrder problems: [PolicyProblem]) {
    self.problems = problems
  }

  /// The maximum number of problems reported for a file.
  private static let maximumCount = 100

  /// Errors first, each kind in the order of the file, without repeats, up to the maximum.
  static func ordered(_ problems: [PolicyProblem]) -> [PolicyProblem] {
    let sorted = problems.enumerated().sorted { lhs, rhs in
      let (first, second) = (lhs.element, rhs.element)
      return (first.severity == .error ? 0 : 1, first.line, first.column, lhs.offset)
        < (second.severity == .error ? 0 : 1, second.line, second.column, rhs.offset)
    }
    let ordered = sorted.map(\.element).reduce(into: [PolicyProblem]()) {
      if $0.last != $1 { $0.append($1) }
    }
    guard ordered.count > maximumCount else { return ordered }
    let next = ordered[maximumCount]
    return ordered.prefix(maximumCount) + [
      PolicyProblem(
        file: next.file, line: next.line, column: next.column, length: next.length,
        severity: next.severity,
        message: "\(ordered.count - maximumCount) more problems from here on",
        sourceLine: next.sourceLine)
    ]
  }
}
