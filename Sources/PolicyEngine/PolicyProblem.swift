/// Something wrong in a policy file, and where.
public struct PolicyProblem: Equatable, Sendable {
  /// The file as it was named.
  public let file: String
  /// The line, from 1.
  public let line: Int
  /// The column, from 1, in Unicode scalars.
  public let column: Int
  /// How many scalars of the line are at fault; at least 1.
  public let length: Int
  /// Whether it keeps the file from being used.
  public let severity: Severity
  /// What is wrong and, where that is known, what to write instead.
  public let message: String
  /// The line itself; empty when the file could not be read as text.
  public let sourceLine: Substring

  /// How bad it is.
  public enum Severity: String, Sendable {
    /// Nothing of the file is used.
    case error
    /// The file is used; it may not say what was meant.
    case warning
  }
}

/// All the problems of policy files, of which one at least is an error: nothing of them is used.
public struct PolicyFileProblems: Error, Equatable, Sendable {
  /// Of one file, errors first, and each kind in the order of the file.
  public let problems: [PolicyProblem]

  init(_ problems: [PolicyProblem]) {
    self.problems = Self.ordered(problems)
  }

  /// Problems of several files, which are in the order of the files already.
  init(inGivenOrder problems: [PolicyProblem]) {
    self.problems = problems
  }

  /// How many problems of a file are told.
  private static let most = 100

  /// Errors first, each kind in the order of the file, and nothing twice; of very many the first.
  static func ordered(_ problems: [PolicyProblem]) -> [PolicyProblem] {
    let places = problems.enumerated().sorted { one, other in
      let (first, second) = (one.element, other.element)
      return (first.severity == .error ? 0 : 1, first.line, first.column, one.offset)
        < (second.severity == .error ? 0 : 1, second.line, second.column, other.offset)
    }
    let ordered = places.map(\.element).reduce(into: [PolicyProblem]()) {
      if $0.last != $1 { $0.append($1) }
    }
    guard ordered.count > most else { return ordered }
    let next = ordered[most]
    return ordered.prefix(most) + [
      PolicyProblem(
        file: next.file, line: next.line, column: next.column, length: next.length,
        severity: next.severity, message: "\(ordered.count - most) more problems from here on",
        sourceLine: next.sourceLine)
    ]
  }
}
