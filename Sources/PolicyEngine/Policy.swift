public import Connections
public import Selection

/// One policy of a file: which connections it matches, how many are too many, and what it does then.
public struct Policy: Equatable, Sendable {
  /// The name: lower-case letters, digits and hyphens.
  public var name: String
  /// The author's description.
  public var description: String?
  /// The name of the file.
  public var file: String
  /// The line of the file in which it starts.
  public var line: Int
  /// The connections it matches. If the file names no state, these are the states that `ss` shows
  /// without `-a`.
  public var match: SelectionPredicate
  /// The matched connections to leave out: those that any of these selects.
  public var except: [SelectionPredicate]
  /// The protections of its file.
  public var protect: [Protection]
  /// The minimum time in a state, in milliseconds.
  public var inState: UInt64?
  /// How connections are grouped before they are counted, one of ``Grouping/forPolicies``; nil for
  /// all in one group.
  public var groupBy: Grouping?
  /// The size of a group from which the policy acts; at least 1.
  public var threshold: Int
  /// The number of newest connections to keep in each group.
  public var keep: Int
  /// What the policy does.
  public var action: PolicyAction
  /// The maximum number of connections to act on in one run. Above it, the policy does nothing.
  public var limit: Int
  /// The maximum percentage of a group owner's connections to act on in one run.
  public var limitPercent: Int?
  /// The maximum number of closings per second; nil for no limit.
  public var rate: Int?
  /// The number of consecutive runs, including this one, that must flag a connection; at least 1.
  public var seen: Int
  /// The number of consecutive runs with the same group after which it is only reported.
  public var giveUpAfter: Int?
  /// The program to notify about such a group, and its arguments; nil for none.
  public var notify: [String]?

  /// The default of ``limit``.
  public static let defaultLimit = 100

  /// A policy; the defaults are those of a file.
  public init(
    name: String, description: String? = nil, file: String, line: Int, match: SelectionPredicate,
    except: [SelectionPredicate] = [], protect: [Protection] = [], inState: UInt64? = nil,
    groupBy: Grouping? = nil, threshold: Int = 1, keep: Int = 0,
    action: PolicyAction, limit: Int = defaultLimit, limitPercent: Int? = nil, rate: Int? = nil,
    seen: Int = 1, giveUpAfter: Int? = nil, notify: [String]? = nil
  ) {
    self.name = name
    self.description = description
    self.file = file
    self.line = line
    self.match = match
    self.except = except
    self.protect = protect
    self.inState = inState
    self.groupBy = groupBy
    self.threshold = threshold
    self.keep = keep
    self.action = action
    self.limit = limit
    self.limitPercent = limitPercent
    self.rate = rate
    self.seen = seen
    self.giveUpAfter = giveUpAfter
    self.notify = notify
  }
}

extension Policy {
  /// Whether `text` can be a name: lower-case letters, digits and hyphens, as in `java-leak`.
  package static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, first != UInt8(ascii: "-") else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
      default: byte == UInt8(ascii: "-")
      }
    }
  }

  /// A hash of the policy's selection and grouping. What runs recorded under other rules does not
  /// count.
  ///
  /// It is FNV-1a of a description, the same in every run of one version of connreap.
  public var rules: UInt64 {
    let text = "\(match);\(except);\(inState ?? 0);\(groupBy?.rawValue ?? "none")"
    return text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}

/// Connections that no policy of a file touches.
public struct Protection: Equatable, Sendable {
  /// The protected connections, in any state.
  public let predicate: SelectionPredicate
  /// The keys and values of the file, on one line: `process: sshd`.
  public let text: String
  /// The line of the file in which it starts.
  public let line: Int

  /// A protection of these connections.
  public init(predicate: SelectionPredicate, text: String, line: Int) {
    self.predicate = predicate
    self.text = text
    self.line = line
  }
}
