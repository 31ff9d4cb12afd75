public import Connections
public import Selection

/// One policy of a file: which connections, when they are too many, and what to do then.
public struct Policy: Equatable, Sendable {
  /// Its name, of small letters, digits and hyphens.
  public var name: String
  /// What it is for, in the words of its author.
  public var description: String?
  /// The file that it is in, as it was named.
  public var file: String
  /// The line of the file in which it starts.
  public var line: Int
  /// Which connections it is about. Without a state in the file, it is limited to the states that
  /// `ss` shows without `-a`.
  public var match: SelectionPredicate
  /// Which of them it leaves alone: those of which one of these is so.
  public var except: [SelectionPredicate]
  /// What it never touches: the protections of its file.
  public var protect: [Protection]
  /// How long a connection must have been in its state, in milliseconds.
  public var inState: UInt64?
  /// What they are counted by, of ``Grouping/forPolicies``; nil for all in one group.
  public var groupBy: Grouping?
  /// At how many in a group it acts; at least 1.
  public var threshold: Int
  /// How many of a group, the newest, it leaves alone.
  public var keep: Int
  /// What it does.
  public var action: PolicyAction
  /// With more than this to act on in one run, it does nothing at all.
  public var limit: Int
  /// Nor with more than so many percent of all connections that the owner of a group holds.
  public var limitPercent: Int?
  /// How many connections it closes in a second at most; nil for as many as there can be.
  public var rate: Int?
  /// It acts on what it flagged in so many runs in a row, this one included; at least 1.
  public var seen: Int
  /// A group on which it acted in so many runs in a row is reported and left alone from then on.
  public var giveUpAfter: Int?
  /// The program that is told of such a group, and its arguments; nil without one.
  public var notify: [String]?

  /// The greatest number of connections that a policy acts on when it does not say.
  public static let usualLimit = 100

  /// A policy with what a file may leave out as it is then.
  public init(
    name: String, description: String? = nil, file: String, line: Int, match: SelectionPredicate,
    except: [SelectionPredicate] = [], protect: [Protection] = [], inState: UInt64? = nil,
    groupBy: Grouping? = nil, threshold: Int = 1, keep: Int = 0,
    action: PolicyAction, limit: Int = usualLimit, limitPercent: Int? = nil, rate: Int? = nil,
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
  /// A number for what the policy asks of a connection and how it groups: what runs remember of
  /// other rules says nothing about these.
  ///
  /// It is FNV-1a of their description, the same in every run of one version of connreap.
  public var rules: UInt64 {
    let text = "\(match);\(except);\(inState ?? 0);\(groupBy?.rawValue ?? "none")"
    return text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}

/// Connections that no policy of a file touches.
public struct Protection: Equatable, Sendable {
  /// Which they are. It is not limited to any states.
  public let predicate: SelectionPredicate
  /// The keys and values as the file has them, on one line: `process: sshd`.
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
