public import Connections

/// A network namespace as a selection names it.
public enum NamespaceName: Hashable, Sendable {
  /// The one that connreap runs in.
  case own
  /// Any.
  case all
  /// The one that `ip netns` has given this name.
  case named(KernelName)
  /// The one that the process with this id is in.
  case process(Int32)
  /// The one that the file at this path is.
  case path(KernelName)
  /// The current one, and those of the processes in the containers that a selection is about.
  case containers
}

/// The statement that a connection is in a network namespace.
///
/// A row says its namespace by an index into those that were looked at, which a term cannot know
/// when it is read: until it is told which of them it names, it is unknown of every connection.
public struct NamespaceTerm: Equatable, Sendable {
  /// The namespace.
  public let name: NamespaceName
  private let verdicts: [UInt16: Verdict]

  /// The statement, with what it says of those that were looked at, by their index.
  public init(_ name: NamespaceName, verdicts: [UInt16: Verdict] = [:]) {
    self.name = name
    self.verdicts = verdicts
  }

  /// Whether it is so of the namespace with this index.
  public func verdict(in namespace: UInt16) -> Verdict {
    name == .all ? .yes : verdicts[namespace] ?? .unknown
  }
}

extension NamespaceTerm: CustomDebugStringConvertible {
  /// The name alone: the same in every run, whichever were looked at.
  public var debugDescription: String { "\(name)" }
}

extension NamespaceName: CustomStringConvertible {
  /// The word for it, as it would be typed.
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

  /// What `word` names, where `names` are those that `ip netns` has given; nil when it can only be
  /// a name, and is none of them. When the names are unknown, any will do.
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
