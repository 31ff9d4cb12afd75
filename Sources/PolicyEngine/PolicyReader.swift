internal import Connections
internal import Selection

/// Turns the nodes of a file into policies, and continues after each problem.
struct PolicyReader<Names: NameResolver> {
  let source: PolicySource
  let names: Names
  private(set) var problems: [PolicyProblem]
  private var errorCount = 0

  init(source: PolicySource, names: Names, problems: [PolicyProblem]) {
    self.source = source
    self.names = names
    self.problems = problems
  }

  mutating func report(
    _ message: String, at span: SourceSpan, severity: PolicyProblem.Severity = .error
  ) {
    problems.append(source.problem(message, at: span, severity: severity))
    if severity == .error { errorCount += 1 }
  }

  /// The valid policies. The problems of the others are reported.
  mutating func policies(in root: PolicyNode) -> [(policy: Policy, nameSpan: SourceSpan)] {
    if case .scalar(let scalar) = root, scalar.isAbsent {
      report("the file is empty", at: .start)
      return []
    }
    guard !root.isRefused else { return [] }
    guard case .map(let map) = root else {
      report("a policy file is a map of \"version\", \"protect\" and \"policies\"", at: root.span)
      return []
    }
    let entries = entries(of: map, as: FileKey.self)
    checkVersion(entries[.version], in: map)
    let protections = entries[.protect].map { self.protections($0) } ?? []
    guard let list = entries[.policies] else {
      report("the file has no \"policies\"", at: map.span)
      return []
    }
    var found: [(policy: Policy, nameSpan: SourceSpan)] = []
    var lines: [String: Int] = [:]
    for node in items(of: list, called: "a policy") {
      guard let (policy, name) = policy(node, protections) else { continue }
      if let line = lines[name.text] {
        report("the name \"\(name.text)\" is already used in line \(line)", at: name.span)
      } else {
        lines[name.text] = policy?.line ?? name.span.line
      }
      if let policy { found.append((policy, name.span)) }
    }
    return found
  }

  private mutating func checkVersion(_ entry: SourceEntry?, in map: SourceMap) {
    guard let entry else {
      report("the file has no \"version\"; start it with \"version: 1\"", at: map.span)
      return
    }
    guard let version = scalar(entry), version.text != "1" else { return }
    report(
      "unsupported version \(version.text.quoted); this connreap reads version 1",
      at: version.span)
  }

  private mutating func protections(_ entry: SourceEntry) -> [Protection] {
    items(of: entry, called: "a protection").compactMap { node in
      guard let map = self.map(node, called: "a protection"),
        let selection = selection(map, called: "a protection")
      else { return nil }
      return Protection(
        predicate: selection.predicate, text: selection.text, line: map.span.line)
    }
  }

  /// The policy, nil if it has a problem, and its name; nil if it has no valid name either.
  private mutating func policy(
    _ node: PolicyNode, _ protections: [Protection]
  ) -> (policy: Policy?, name: SourceScalar)? {
    guard let map = self.map(node, called: "a policy") else { return nil }
    let errorsBefore = errorCount
    let entries = entries(of: map, as: PolicyKey.self)
    for required in [PolicyKey.name, .match, .action] where entries[required] == nil {
      report("the policy has no \"\(required.rawValue)\"", at: map.span)
    }
    let name = entries[.name].flatMap { self.name($0) }
    let description = entries[.description].flatMap { scalar($0) }
    let match = entries[.match].flatMap { selection($0) }
    let exceptions = entries[.except].map { self.exceptions($0) } ?? []
    let inState = entries[.inState].flatMap { duration($0) }
    let grouping = entries[.groupBy].flatMap { word($0, GroupingWord.self) }
    let threshold = entries[.threshold].flatMap { positive($0) }
    let keep = entries[.keep].flatMap { whole($0, from: 0) }
    let action = entries[.action].flatMap { word($0, PolicyAction.self) }
    let limit = entries[.limit].flatMap { positive($0) }
    let limitPercent = entries[.limitPercent].flatMap { percentage($0) }
    let rate = entries[.rate].flatMap { positive($0) }
    let seen = entries[.seen].flatMap { positive($0) }
    let giveUpAfter = entries[.giveUpAfter].flatMap { positive($0) }
    let notify = entries[.notify].flatMap { program($0) }
    guard let name else { return nil }
    guard errorCount == errorsBefore, let match, let action else { return (nil, name) }
    let policy = Policy(
      name: name.text, description: description?.text, file: source.name, line: map.span.line,
      match: match.predicate.limitedToDefaultStates(), except: exceptions, protect: protections,
      inState: inState, groupBy: grouping?.grouping, threshold: threshold ?? 1, keep: keep ?? 0,
      action: action,
      limit: limit ?? Policy.defaultLimit, limitPercent: limitPercent, rate: rate, seen: seen ?? 1,
      giveUpAfter: giveUpAfter, notify: notify)
    warn(about: policy, entries, matching: match.keys)
    return (policy, name)
  }

  private mutating func selection(_ entry: SourceEntry) -> ReadSelection? {
    map(entry.value, called: entry.key).flatMap { selection($0, called: "\"match\"") }
  }

  private mutating func exceptions(_ entry: SourceEntry) -> [SelectionPredicate] {
    items(of: entry, called: "an exception").compactMap { node in
      map(node, called: "an exception").flatMap {
        selection($0, called: "an exception")?.predicate
      }
    }
  }
}
