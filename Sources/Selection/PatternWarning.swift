import Connections

/// A warning about a valid name or pattern that probably never matches.
public struct PatternWarning: Equatable, Sendable {
  /// The option or policy key.
  public let key: SelectionKey
  /// The name or pattern as the user wrote it.
  public let pattern: String
  /// The kind of warning.
  public let kind: Kind

  /// The kinds of warning.
  public enum Kind: Equatable, Sendable {
    /// The markers of an unexpanded template.
    case template
    /// Curly quotes, which neither YAML nor a shell removes.
    case curlyQuotes
    /// A `|`, which does not separate alternatives.
    case bar
    /// A path where a name is expected.
    case path
    /// A `*` or `?` in a literal path.
    case notAPattern
    /// Matches only names longer than a command name; `truncated` is the name cut to that length,
    /// if only one name matches.
    case longerThanCommandNames(truncated: String?)
  }
}

extension PatternWarning: CustomStringConvertible {
  /// The message for the user, with the remedy but without the option or the position.
  public var description: String {
    let quoted = pattern.quoted
    switch kind {
    case .template: return "\(quoted) looks like an unexpanded template"
    case .curlyQuotes:
      return "the curly quotes are part of the name \(quoted); remove them, or use \" or '"
    case .bar:
      return "a \"|\" does not separate names: \(quoted) is one name; use a list of names"
    case .path:
      let noun = key == .unit ? "unit" : "process"
      let base = pattern.split(separator: "/").last.map { "; use \($0.quoted)" } ?? ""
      return "a \(noun) is matched by its name, but \(quoted) is a path\(base)"
    case .notAPattern:
      return "a cgroup is matched by its path: \(quoted) is taken literally, not as a pattern"
    case .longerThanCommandNames(let truncated):
      return "\(quoted) matches only an executable: the kernel truncates the command name of a "
        + "script to \(Self.commandNameLimit) bytes"
        + (truncated.map { "; for a script, use \($0.quoted)" } ?? "")
    }
  }

  /// The maximum length of a command name in bytes (`TASK_COMM_LEN` without its NUL).
  static let commandNameLimit = 15
}

extension SelectionPredicate {
  /// The warnings about names and patterns in the selection, in order.
  public var patternWarnings: [PatternWarning] {
    switch self {
    case .term(let term): term.patternWarnings
    case .all(let parts), .any(let parts): parts.flatMap(\.patternWarnings)
    case .not(let part): part.patternWarnings
    }
  }
}

extension SelectionTerm {
  fileprivate var patternWarnings: [PatternWarning] {
    let (key, text): (SelectionKey, String)
    var kinds: [PatternWarning.Kind] = []
    switch self {
    case .process(let glob):
      (key, text) = (.process, glob.pattern)
      if glob.minimumLength > PatternWarning.commandNameLimit {
        let truncated = glob.firstBytes(PatternWarning.commandNameLimit)
        kinds.append(.longerThanCommandNames(truncated: truncated))
      }
    case .unit(let glob): (key, text) = (.unit, glob.pattern)
    case .cgroup(let path): (key, text) = (.cgroup, path.text)
    default: return []
    }
    // One warning per term is enough: fixing its cause reveals the next one.
    let kind = PatternWarning.Kind(of: text, for: key) ?? kinds.first
    return kind.map { [PatternWarning(key: key, pattern: text, kind: $0)] } ?? []
  }
}

extension PatternWarning.Kind {
  /// The warning about `text` as the value of `key`; nil if there is none.
  fileprivate init?(of text: String, for key: SelectionKey) {
    let scalars = text.unicodeScalars
    func has(_ marker: String) -> Bool { text.utf8.firstRange(of: marker.utf8) != nil }
    if ["{{", "${", "<%"].contains(where: has) {
      self = .template
    } else if scalars.contains(where: { (0x2018...0x201f).contains($0.value) }) {
      self = .curlyQuotes
    } else if has("|") {
      self = .bar
    } else if key != .cgroup, has("/") {
      self = .path
    } else if key == .cgroup, has("*") || has("?") {
      self = .notAPattern
    } else {
      return nil
    }
  }
}
