import Connections

/// Why a name or pattern of a selection, although it can be read, may never match.
public struct PatternWarning: Equatable, Sendable {
  /// The option or key whose value it is.
  public let key: SelectionKey
  /// The name or pattern as it was written.
  public let pattern: String
  /// What is odd about it.
  public let kind: Kind

  /// What can be odd about a name or pattern.
  public enum Kind: Equatable, Sendable {
    /// It has the marks of a template that should have been filled in.
    case template
    /// It has curly quotation marks, which neither YAML nor a shell takes away.
    case curlyQuotes
    /// It has a `|`, which does not separate alternatives here.
    case bar
    /// It has a `/`, as a path has and a name has not.
    case path
    /// It has a `*` or `?` where only a path is taken.
    case notAPattern
    /// Every name that it matches is longer than a command name can be: `cut` is what is left of the
    /// only one, nil when there are several.
    case longerThanCommandNames(cut: String?)
  }
}

extension PatternWarning: CustomStringConvertible {
  /// The message for a user, with the remedy; it does not name the option or the place.
  public var description: String {
    let quoted = pattern.quoted
    switch kind {
    case .template: return "\(quoted) looks like a template that was not filled in"
    case .curlyQuotes:
      return "the curly quotes are part of the name \(quoted); remove them, or write \" or '"
    case .bar:
      return "a \"|\" does not separate names: \(quoted) is one name; write a list of names"
    case .path:
      let noun = key == .unit ? "unit" : "process"
      let base = pattern.split(separator: "/").last.map { "; write \($0.quoted)" } ?? ""
      return "a \(noun) is matched by its name, and \(quoted) is a path\(base)"
    case .notAPattern:
      return "a cgroup is matched by its path, and \(quoted) is taken literally: "
        + "it is not a pattern"
    case .longerThanCommandNames(let cut):
      return "\(quoted) matches only an executable: the command name of a script is cut after "
        + "\(Self.commandNameLimit) bytes"
        + (cut.map { "; for a script, write \($0.quoted)" } ?? "")
    }
  }

  /// How many bytes the kernel keeps of a command name (`TASK_COMM_LEN`, with its NUL).
  static let commandNameLimit = 15
}

extension SelectionPredicate {
  /// What may never match among the names and patterns of the selection, in its order.
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
        kinds.append(.longerThanCommandNames(cut: glob.firstBytes(PatternWarning.commandNameLimit)))
      }
    case .unit(let glob): (key, text) = (.unit, glob.pattern)
    case .cgroup(let path): (key, text) = (.cgroup, path.text)
    default: return []
    }
    let doubt = PatternWarning.Kind(of: text, for: key)
    // One is enough: who removes the cause of it sees the others then.
    return (doubt ?? kinds.first).map { [PatternWarning(key: key, pattern: text, kind: $0)] } ?? []
  }
}

extension PatternWarning.Kind {
  /// What is odd about `text` as the value of `key`; nil when nothing is.
  fileprivate init?(of text: String, for key: SelectionKey) {
    let scalars = text.unicodeScalars
    func has(_ mark: String) -> Bool { text.utf8.firstRange(of: mark.utf8) != nil }
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
