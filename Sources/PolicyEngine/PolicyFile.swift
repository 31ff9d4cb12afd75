public import Selection

/// A policy file without errors.
public struct PolicyFile: Sendable {
  /// The name of the file.
  public let name: String
  /// Its policies, in order; at least one.
  public let policies: [Policy]
  /// The warnings about it.
  public let warnings: [PolicyProblem]

  private let source: PolicySource
  private let nameSpans: [SourceSpan]

  /// Parses the file with the content `bytes`.
  ///
  /// - Parameter names: resolves the hosts, services, users and interfaces that the file names.
  /// - Throws: ``PolicyFileProblems`` with all errors and warnings.
  public init(
    name: String, bytes: [UInt8], names: some NameResolver
  ) throws(PolicyFileProblems) {
    let source = try PolicySource(name: name, bytes: bytes)
    let document = PolicyDocument(source)
    var reader = PolicyReader(source: source, names: names, problems: document.problems)
    var found: [(policy: Policy, nameSpan: SourceSpan)] = []
    if let root = document.root {
      found = reader.policies(in: root)
    } else if document.problems.isEmpty {
      reader.report("the file is empty", at: .start)
    }
    let problems = reader.problems
    guard !problems.contains(where: { $0.severity == .error }) else {
      throw PolicyFileProblems(problems)
    }
    self.name = name
    policies = found.map(\.policy)
    warnings = PolicyFileProblems.ordered(problems)
    self.source = source
    nameSpans = found.map(\.nameSpan)
  }

  /// An error for each policy whose name is in `taken`.
  func problems(withNamesOf taken: [String: Policy]) -> [PolicyProblem] {
    zip(policies, nameSpans).compactMap { policy, span in
      taken[policy.name].map {
        source.problem(
          "the name \"\(policy.name)\" is already used at \($0.file):\($0.line)", at: span)
      }
    }
  }
}

/// The policies of a run, from all its files.
public struct PolicySet: Equatable, Sendable {
  /// The policies in the order of the files, with unique names.
  public let policies: [Policy]

  /// The policies of `files`.
  ///
  /// - Throws: ``PolicyFileProblems`` if two files have policies with the same name.
  public init(_ files: [PolicyFile]) throws(PolicyFileProblems) {
    var taken: [String: Policy] = [:]
    var problems: [PolicyProblem] = []
    for file in files {
      problems += file.problems(withNamesOf: taken)
      for policy in file.policies where taken[policy.name] == nil { taken[policy.name] = policy }
    }
    guard problems.isEmpty else { throw PolicyFileProblems(inGivenOrder: problems) }
    policies = files.flatMap(\.policies)
  }

  /// A set of these policies.
  public init(policies: [Policy]) { self.policies = policies }
}
