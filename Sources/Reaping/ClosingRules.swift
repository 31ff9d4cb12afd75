public import Connections
public import PolicyEngine
public import ProcessTable
public import Scanning
public import Selection

/// Decides about a connection right before it is closed, by its current state and owners.
public protocol ClosingRules: Sendable {
  /// Why the connection of `step` must not be closed; nil if it may.
  ///
  /// - Parameters:
  ///   - now: the current state of the connection.
  ///   - snapshot: the owners as last read.
  func reasonToSpare(_ step: Plan.Step, now: Connection, in snapshot: Snapshot) -> SpareReason?

  /// Whether ``reasonToSpare(_:now:in:)`` needs the fields of `tcp_info`.
  var needsFigures: Bool { get }

  /// Whether `process`, as an owner, could be the reason to spare a connection.
  ///
  /// When owners are read again, every descriptor of such a process is read.
  func mayAffect(_ process: OwnerProcess) -> Bool

  /// The facts about owners that a decision needs, besides the name.
  var relevantDetails: OwnerDetails { get }
}

/// The rules for connections of a selection.
public struct SelectionRules: ClosingRules {
  /// See ``ClosingRules/needsFigures``.
  public let needsFigures: Bool
  private let predicate: SelectionPredicate
  private let guards: Guards

  /// Rules that require `predicate` to select the connection and no guard to protect it.
  public init(_ predicate: SelectionPredicate, guardedBy guards: Guards) {
    self.predicate = predicate
    self.guards = guards
    needsFigures = predicate.needsFigures
  }

  /// See ``ClosingRules/reasonToSpare(_:now:in:)``.
  public func reasonToSpare(
    _ step: Plan.Step, now: Connection, in snapshot: Snapshot
  ) -> SpareReason? {
    if let reason = guards.reasonToSpare(now, in: snapshot) { return reason }
    let verdict = predicate.verdict(
      of: now, owners: snapshot.ownerFacts(of: now), past: snapshot.past(of: now))
    return verdict == .yes ? nil : .changed(to: now.state)
  }

  /// See ``ClosingRules/mayAffect(_:)``.
  public func mayAffect(_ process: OwnerProcess) -> Bool {
    guards.mayAffect(process) || predicate.mayExclude(ownersLike: process)
  }

  /// See ``ClosingRules/relevantDetails``.
  public var relevantDetails: OwnerDetails {
    guards.relevantDetails.union(predicate.needsCommands ? [.program, .command] : .program)
  }
}

/// The rules for connections that were chosen one by one, in a plan file or in `top`.
public struct ChosenRules: ClosingRules {
  private let guards: Guards

  /// Rules that require the connection to be unchanged since it was chosen and no guard to protect it.
  public init(guardedBy guards: Guards) {
    self.guards = guards
  }

  /// See ``ClosingRules/reasonToSpare(_:now:in:)``.
  public func reasonToSpare(
    _ step: Plan.Step, now: Connection, in snapshot: Snapshot
  ) -> SpareReason? {
    if let reason = guards.reasonToSpare(now, in: snapshot) { return reason }
    return now.isUnchanged(since: step.connection) ? nil : .changed(to: now.state)
  }

  /// See ``ClosingRules/needsFigures``.
  public var needsFigures: Bool { false }

  /// See ``ClosingRules/mayAffect(_:)``.
  public func mayAffect(_ process: OwnerProcess) -> Bool { guards.mayAffect(process) }

  /// See ``ClosingRules/relevantDetails``.
  public var relevantDetails: OwnerDetails { guards.relevantDetails }
}

/// The rules for connections that policies close.
public struct PolicyRules: ClosingRules {
  /// In the order of the policies, for ``Plan/PolicyReference/index``.
  private let rules: [(policy: Policy, guards: Guards)]

  /// Rules that require the policy of a step to cover the connection, and neither its guards nor a
  /// protection of its file to protect it.
  public init(_ policies: [Policy], guardedBy guards: (Policy) -> Guards) {
    rules = policies.map { (policy: $0, guards: guards($0)) }
  }

  /// See ``ClosingRules/reasonToSpare(_:now:in:)``.
  public func reasonToSpare(
    _ step: Plan.Step, now: Connection, in snapshot: Snapshot
  ) -> SpareReason? {
    // A policy that is not among them permits nothing.
    guard let policy = step.policy, rules.indices.contains(policy.index),
      rules[policy.index].policy.name == policy.name
    else { return .changed(to: now.state) }
    let rule = rules[policy.index]
    if let reason = rule.guards.reasonToSpare(now, in: snapshot) { return reason }
    let look = rule.policy.reevaluate(
      at: now, owners: snapshot.ownerFacts(of: now), knownOwners: snapshot.holders(of: now),
      controlGroup: snapshot.controlGroup(of: now), past: snapshot.past(of: now))
    return switch look {
    case .covered: nil
    case .protected(let protection): .protectedByPolicy(protection)
    case .notCovered: .changed(to: now.state)
    }
  }

  /// See ``ClosingRules/needsFigures``.
  public var needsFigures: Bool { true }

  /// See ``ClosingRules/mayAffect(_:)``.
  public func mayAffect(_ process: OwnerProcess) -> Bool {
    rules.contains { $0.guards.mayAffect(process) || $0.policy.maySpare(ownersLike: process) }
  }

  /// See ``ClosingRules/relevantDetails``.
  public var relevantDetails: OwnerDetails {
    rules.reduce(.program) { details, rule in
      details.union(rule.guards.relevantDetails)
        .union(rule.policy.needsCommands ? .command : [])
    }
  }
}
