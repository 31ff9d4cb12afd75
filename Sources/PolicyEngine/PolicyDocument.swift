internal import Connections
internal import Yams

/// Parses the YAML of a policy file into nodes. Only this file calls Yams.
///
/// Anchors, aliases, tags and merge keys are rejected.
struct PolicyDocument {
  private(set) var root: PolicyNode?
  private(set) var problems: [PolicyProblem] = []
  private let source: PolicySource
  private var keys = RenamedKeys()

  /// The deepest valid node is a value in a list in an exception of a policy.
  private static let deepestLevel = 7

  /// Replaces `*` for Yams: aliases of aliases would multiply before they could be rejected.
  private static let asterisk: Unicode.Scalar = "\u{e0ff}"

  init(_ source: PolicySource) {
    self.source = source
    var text = Self.replacing("*", with: Self.asterisk, in: source.text)
    while true {
      do {
        // The anchors of nodes live as long as the parser.
        let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
        let node = try parser.singleRoot()
        withExtendedLifetime(parser) { root = node.map { self.node($0, level: 1) } }
        return
      } catch YamlError.duplicatedKeysInMapping(let names, let context) {
        let span = SourceSpan(line: context.mark.line, column: context.mark.column, length: 1)
        guard let name = names.first.map(Self.restored),
          let renamed = keys.rename(name, at: span, of: source, in: text)
        else {
          problems.append(source.problem("duplicate key", at: span))
          return
        }
        text = renamed
      } catch {
        problems.append(problem(of: error))
        return
      }
    }
  }

  private func problem(of error: any Error) -> PolicyProblem {
    switch error {
    case YamlError.scanner(let context, let problem, let mark, _),
      YamlError.parser(let context, let problem, let mark, _),
      YamlError.composer(let context, let problem, let mark, _):
      // The end of the file says little about what is missing, so point at the context. After a last
      // line without a line break, libyaml counts another line.
      let isAtEnd = problem == "found unexpected end of stream" || source.isEnd(mark.line)
      let position = isAtEnd ? context?.mark ?? mark : mark
      let span = source.span(line: position.line, column: position.column)
      return source.problem(Self.message(problem, context: context?.text), at: span)
    default:
      return source.problem("not valid YAML", at: .start)
    }
  }

  private static func message(_ problem: String, context: String?) -> String {
    if problem == "but found another document" { return "a policy file is one YAML document" }
    if problem.hasPrefix("Maximum nesting level") { return tooDeep }
    return "not valid YAML: \(problem)" + (context.map { ", \($0)" } ?? "")
  }

  private static let tooDeep = "nested too deeply for a policy"

  private static func refusal(of feature: String, sign: String) -> String {
    "\(feature) is not allowed in a policy; quote a text that starts with \"\(sign)\""
  }

  private mutating func node(_ node: Node, level: Int) -> PolicyNode {
    let span = SourceSpan(startOf: node)
    guard level <= Self.deepestLevel else { return refuse(Self.tooDeep, at: span) }
    guard node.anchor == nil else {
      return refuse(Self.refusal(of: "an anchor", sign: "&"), at: span)
    }
    switch node {
    case .scalar(let scalar):
      guard scalar.style != .plain || scalar.tag.description.isEmpty else { return refuseTag(span) }
      guard !Self.isAlias(scalar) else { return refuseAlias(span) }
      let text = Self.restored(scalar.string)
      return .scalar(SourceScalar(text, style: scalar.style, at: span, of: source))
    case .sequence(let sequence):
      guard sequence.tag.description.isEmpty else { return refuseTag(span) }
      return .list(sequence.map { self.node($0, level: level + 1) }, span)
    case .mapping(let mapping):
      guard mapping.tag.description.isEmpty else { return refuseTag(span) }
      return .map(SourceMap(entries: entries(of: mapping, level: level), span: span))
    case .alias: return refuseAlias(span)
    }
  }

  private mutating func refuse(_ message: String, at span: SourceSpan) -> PolicyNode {
    problems.append(source.problem(message, at: span))
    return .refused(span)
  }

  private mutating func refuseTag(_ span: SourceSpan) -> PolicyNode {
    refuse(Self.refusal(of: "a tag", sign: "!"), at: span)
  }

  private mutating func refuseAlias(_ span: SourceSpan) -> PolicyNode {
    refuse(Self.refusal(of: "an alias", sign: "*"), at: span)
  }

  private static func isAlias(_ scalar: Node.Scalar) -> Bool {
    scalar.style == .plain && scalar.string.unicodeScalars.first == asterisk
  }

  private static func restored(_ text: String) -> String {
    replacing(asterisk, with: "*", in: text)
  }

  private static func replacing(
    _ old: Unicode.Scalar, with new: Unicode.Scalar, in text: String
  ) -> String {
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: text.unicodeScalars.lazy.map { $0 == old ? new : $0 })
    return String(scalars)
  }

  private mutating func entries(
    of mapping: Node.Mapping, level: Int
  ) -> [SourceEntry] {
    var entries: [SourceEntry] = []
    var lines: [String: Int] = [:]
    for (keyNode, valueNode) in mapping {
      let value = node(valueNode, level: level + 1)
      guard let key = key(keyNode) else { continue }
      let name = key.text.quoted
      if let line = lines[key.text] {
        problems.append(
          source.problem("duplicate key \(name); first used in line \(line)", at: key.span))
      } else {
        lines[key.text] = key.span.line
        entries.append(SourceEntry(key: key, value: value))
      }
    }
    return entries
  }

  private mutating func key(_ node: Node) -> SourceScalar? {
    let span = SourceSpan(startOf: node)
    guard case .scalar(let scalar) = node, node.anchor == nil else {
      _ = refuse("a key must be a plain word", at: span)
      return nil
    }
    guard !Self.isAlias(scalar) else {
      _ = refuseAlias(span)
      return nil
    }
    let key = SourceScalar(
      Self.restored(keys.original(of: scalar.string)), style: scalar.style, at: span, of: source)
    guard key.text != "<<" else {
      _ = refuse("a merge key is not allowed in a policy", at: key.span)
      return nil
    }
    return key
  }
}

extension SourceSpan {
  fileprivate init(startOf node: Node) {
    self.init(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1, length: 1)
  }
}

extension SourceScalar {
  /// The scalar that starts at `start`, with its length found in the source.
  fileprivate init(
    _ text: String, style: Node.Scalar.Style, at start: SourceSpan, of source: PolicySource
  ) {
    let rest = source.rest(from: start)
    var length = 1
    var verbatimColumn: Int?
    switch style {
    case .singleQuoted, .doubleQuoted:
      let content = rest.dropFirst()
      if content.starts(with: text.unicodeScalars),
        content.dropFirst(text.unicodeScalars.count).first == rest.first
      {
        length = text.unicodeScalars.count + 2
        verbatimColumn = start.column + 1
      }
    case .literal, .folded: break
    case .plain, .any:
      if rest.starts(with: text.unicodeScalars) {
        length = max(1, text.unicodeScalars.count)
        verbatimColumn = start.column
      }
    }
    self.init(
      text: text,
      span: SourceSpan(line: start.line, column: start.column, length: length),
      isPlain: style == .plain || style == .any, verbatimColumn: verbatimColumn)
  }
}
