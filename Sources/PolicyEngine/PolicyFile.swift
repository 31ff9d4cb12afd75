public import Selection

/// A policy file that was read and holds no error.
public struct PolicyFile: Sendable {
  /// The file as it was named.
  public let name: String
  /// Its policies in their order; at least one.
  public let policies: [Policy]
  /// What may not have been meant.
  public let warnings: [PolicyProblem]

  private let source: PolicySource
  private let nameSpans: [SourceSpan]

  /// Reads the file that holds `bytes`.
  ///
  /// - Parameter names: looks up hosts, services, users and interfaces that the file names.
  /// - Throws: ``PolicyFileProblems``: all errors and all warnings, not the first alone.
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

  /// One error for each policy that has a name of `taken`.
  func problems(withNamesOf taken: [String: Policy]) -> [PolicyProblem] {
    zip(policies, nameSpans).compactMap { policy, span in
      taken[policy.name].map {
        source.problem(
          "the name \"\(policy.name)\" is that of the policy at \($0.file):\($0.line)", at: span)
      }
    }
  }
}

/// The policies of a run, from all its files.
public struct PolicySet: Equatable, Sendable {
  /// In the order of the files, and of each file; every name is there once.
  public let policies: [Policy]

  /// The policies of `files`.
  ///
  /// - Throws: ``PolicyFileProblems`` when policies of two files have the same name.
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

  /// These policies.
  public init(policies: [Policy]) { self.policies = policies }
}
