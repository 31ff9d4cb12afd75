public import Connections

/// A network namespace named in a selection.
public enum NamespaceName: Hashable, Sendable {
  /// The namespace that connreap runs in.
  case own
  /// Every namespace.
  case all
  /// The namespace with this name in `ip netns`.
  case named(KernelName)
  /// The namespace of the process with this pid.
  case process(Int32)
  /// The namespace that is bound to this path.
  case path(KernelName)
  /// The current namespace, and those of the selected containers and pods.
  case containers
}

/// Selects connections by network namespace.
///
/// A connection refers to its namespace by an index into the namespaces of a scan. The parser does
/// not know these indices. Until the term gets its verdicts, its verdict is `unknown`.
public struct NamespaceTerm: Equatable, Sendable {
  /// The namespace.
  public let name: NamespaceName
  private let verdicts: [UInt16: Verdict]

  /// A term for `name`; `verdicts` has its verdict for each scanned namespace, by index.
  public init(_ name: NamespaceName, verdicts: [UInt16: Verdict] = [:]) {
    self.name = name
    self.verdicts = verdicts
  }

  /// Whether the term includes the namespace with this index.
  public func verdict(in namespace: UInt16) -> Verdict {
    name == .all ? .yes : verdicts[namespace] ?? .unknown
  }
}

extension NamespaceTerm: CustomDebugStringConvertible {
  /// The name alone, which does not depend on the scanned namespaces.
  public var debugDescription: String { "\(name)" }
}

extension NamespaceName: CustomStringConvertible {
  /// The word that a user types for it.
  public var description: String {
    switch self {
    case .own: "self"
    case .all: "all"
    case .named(let name): name.text
    case .process(let pid): "\(pid)"
    case .path(let path): path.text
    case .containers: "containers"
    }
  }

  /// Parses the name of a namespace.
  ///
  /// Nil if `word` can only be a name and is not in `names`, the names of `ip netns`. If `names` is
  /// nil, any name is accepted.
  public init?(_ word: some StringProtocol, among names: [KernelName]?) {
    let isNamed = names?.contains(KernelName(word)) ?? false
    if word == "all" {
      self = .all
    } else if !isNamed, word.isDigits, !LeadingZero.starts(word), let pid = Int32(word), pid > 0 {
      self = .process(pid)
    } else if isNamed {
      self = .named(KernelName(word))
    } else if word.contains("/") {
      self = .path(KernelName(word))
    } else if names == nil {
      self = .named(KernelName(word))
    } else {
      return nil
    }
  }
}
