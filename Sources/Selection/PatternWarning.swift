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
    /// A pattern without `*` and spaces, which matches no arguments.
    case wholeCommandLine
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
    case .wholeCommandLine:
      return "\(quoted) matches only a command line without arguments; use \("*\(pattern)*".quoted)"
    }
  }
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
    case .process(let glob): (key, text) = (.process, glob.pattern)
    case .command(let glob):
      (key, text) = (.command, glob.pattern)
      if !text.utf8.contains(UInt8(ascii: "*")), !text.utf8.contains(UInt8(ascii: " ")) {
        kinds.append(.wholeCommandLine)
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
    } else if key == .command {
      // A command line may contain any of the following.
      return nil
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
