internal import Connections
package import Selection

/// A policy to be written as a file, for ``PolicyFile`` to read.
package struct PolicyDraft {
  /// The name, which ``Policy/isName(_:)`` accepts.
  package let name: String
  /// The keys of `match` and their values, as on the command line. Keys without values are left out.
  package let match: [(key: SelectionKey, values: [String])]
  /// The minimum time in the state, in milliseconds; nil for none.
  package var inState: UInt64?
  /// How connections are grouped; nil to leave the key out.
  package var groupBy: GroupingWord?
  package var threshold: Int?
  package var keep: Int?
  package var action: PolicyAction
  package var limit: Int?
  package var limitPercent: Int?
  package var rate: Int?
  package var seen: Int?
  package var giveUpAfter: Int?

  /// A policy that applies `action` to everything that matches, without further keys.
  package init(
    _ name: String, matching match: [(key: SelectionKey, values: [String])],
    action: PolicyAction
  ) {
    self.name = name
    self.match = match.filter { !$0.values.isEmpty }
    self.action = action
  }

  /// The policy as a file.
  ///
  /// - Parameter names: resolves the names in ``match``.
  /// - Throws: ``PolicyDraftProblem`` if the file would have an error or a warning, or if a value
  ///   cannot be written in it.
  package func written(names: some NameResolver) throws(PolicyDraftProblem) -> String {
    let text = lines.joined(separator: "\n") + "\n"
    let file: PolicyFile
    let source: PolicySource
    do throws(PolicyFileProblems) {
      let name = "\(name).yaml"
      source = try PolicySource(name: name, bytes: Array(text.utf8))
      file = try PolicyFile(name: name, bytes: Array(text.utf8), names: names)
    } catch {
      throw PolicyDraftProblem(message: error.problems.first?.message ?? "\(error)")
    }
    let read = PolicyDocument(source).root?.match ?? []
    for (index, (key, values)) in fileMatch.enumerated() {
      let isKept = read.indices.contains(index) && read[index].key == key.rawValue
      guard isKept, read[index].values.map({ Array($0.utf8) }) == values.map({ Array($0.utf8) })
      else {
        let list = values.map(\.quoted).joined(separator: ", ")
        throw PolicyDraftProblem(message: "a policy file cannot contain \(key.rawValue): \(list)")
      }
    }
    if let warning = file.warnings.first { throw PolicyDraftProblem(message: warning.message) }
    return text
  }

  /// ``match`` as in the file.
  private var fileMatch: [(key: SelectionKey, values: [String])] {
    // One value for all states. In a list, each would count as named on its own, even if together
    // they make up a group.
    match.map { $0.key == .state ? ($0.key, [$0.values.joined(separator: ",")]) : $0 }
  }

  private var lines: [String] {
    var lines = Self.introduction(name)
    lines += ["version: 1", "", "policies:", "  - name: \(YAMLScalar.written(name))"]
    lines += ["    # Every key must match, and any value of a list.", "    match:"]
    for (key, values) in fileMatch {
      if let comment = comment(on: key) { lines.append("      # \(comment)") }
      let texts = values.map { YAMLScalar.written($0, mayBeNumber: key.mayBeNumber) }
      lines +=
        texts.count == 1
        ? ["      \(key.rawValue): \(texts[0])"]
        : ["      \(key.rawValue):"] + texts.map { "        - \($0)" }
    }
    for key in PolicyKey.allCases {
      guard let value = value(of: key) else { continue }
      lines += comments(on: key).map { "    # \($0)" }
      lines.append("    \(key.rawValue): \(value)")
    }
    return lines
  }

  private func value(of key: PolicyKey) -> String? {
    switch key {
    case .name, .description, .match, .except, .notify: nil
    case .inState: inState.map { DurationText.exact(milliseconds: $0) }
    case .groupBy: groupBy?.rawValue
    case .threshold: threshold.map(String.init)
    case .keep: keep.map(String.init)
    case .action: action.rawValue
    case .limit: limit.map(String.init)
    case .limitPercent: limitPercent.map(String.init)
    case .rate: rate.map(String.init)
    case .seen: seen.map(String.init)
    case .giveUpAfter: giveUpAfter.map(String.init)
    }
  }
}

/// Why a policy cannot be written without errors and warnings.
package struct PolicyDraftProblem: Error, Equatable {
  /// The error or warning that the file would have.
  package let message: String
}

extension SelectionKey {
  /// Whether its values are numbers or names, so that a number needs no quotes.
  fileprivate var mayBeNumber: Bool {
    switch self {
    case .port, .localPort, .peerPort, .pid, .user, .mark, .receiveQueue, .sendQueue: true
    default: false
    }
  }
}

extension PolicyNode {
  /// The keys and values of `match` in the first policy of the file with this root.
  fileprivate var match: [(key: String, values: [String])] {
    guard case .list(let policies, _) = self[.policies], let match = policies.first?[.match],
      case .map(let map) = match
    else { return [] }
    return map.entries.map { entry in
      switch entry.value {
      case .scalar(let scalar): (entry.key.text, [scalar.text])
      case .list(let items, _):
        (
          entry.key.text,
          items.compactMap { if case .scalar(let scalar) = $0 { scalar.text } else { nil } }
        )
      case .map, .refused: (entry.key.text, [])
      }
    }
  }

  private subscript(key: FileKey) -> PolicyNode? { value(of: key.rawValue) }
  private subscript(key: PolicyKey) -> PolicyNode? { value(of: key.rawValue) }

  private func value(of key: String) -> PolicyNode? {
    guard case .map(let map) = self else { return nil }
    return map.entries.first { $0.key.text == key }?.value
  }
}
