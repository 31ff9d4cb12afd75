package import Presentation
package import Reaping
import Rendering
import Synchronization

/// Collects what a run found and did, for its own entry in the audit log.
package final class RunRecord: Sendable {
  package let run: AuditedRun
  private let facts = Mutex(Facts())

  /// What is known about a run. Members that it did not reach stay nil or empty.
  package struct Facts: Sendable {
    /// The names of the policies; nil for a run without policies.
    package var policies: [String]?
    /// How many connections were in groups that reached the threshold of a policy.
    package var found: Int?
    /// How many of them policies only report.
    package var reported: Int?
    /// The policies that exceeded a limit, and why.
    package var refused: [(policy: String, reason: String)] = []
    /// How many groups each policy has given up on.
    package var givenUp: [(policy: String, groups: Int)] = []
    /// The outcomes; nil until they are known.
    package var counts: OutcomeCounts?
    /// What owners of closed connections did afterwards.
    package var reactions: [OwnerReaction] = []
    /// How many notifications failed or were not sent.
    package var failedNotifications = 0
    fileprivate var hasEnded = false
  }

  package init(_ run: AuditedRun) {
    self.run = run
  }

  package func update(_ change: (inout Facts) -> Void) {
    facts.withLock { facts in change(&facts) }
  }

  /// Ends the run with the exit code `status`, and returns its entry; nil if it had ended before.
  ///
  /// - Parameter error: why it did not do everything; nil if it did.
  package func end(_ status: Int32, error: String?) -> [UInt8]? {
    let facts = facts.withLock { facts in
      defer { facts.hasEnded = true }
      return facts
    }
    guard !facts.hasEnded else { return nil }
    var json = JSONWriter()
    json.object { json in
      json.member("time", Timestamp.now)
      json.member("event", RunRecord.event)
      json.member("command", run.command)
      if let selection = run.selection { json.member("selection", selection) }
      json.member("exit", UInt64(max(0, status)))
      if let error { json.member("error", error) }
      Self.write(facts, to: &json)
      json.member("started", run.started)
      json.member("took_ms", UInt64(max(0, run.elapsed / .milliseconds(1))))
      run.writeIdentity(to: &json)
    }
    json.endDocument()
    return json.take()
  }

  /// How many owners an entry names. Those that may be spinning come first.
  private static let maximumReactions = 100

  /// The `event` of the entries of runs.
  package static let event = "run"

  private static func write(_ facts: Facts, to json: inout JSONWriter) {
    if let policies = facts.policies {
      json.array("policies") { json in for name in policies { json.element(name) } }
    }
    if let found = facts.found { json.member("found", found) }
    if let reported = facts.reported { json.member("reported", reported) }
    if !facts.refused.isEmpty {
      json.array("refused") { json in
        for (policy, reason) in facts.refused {
          json.object { json in
            json.member("policy", policy)
            json.member("reason", reason)
          }
        }
      }
    }
    if !facts.givenUp.isEmpty {
      json.array("given_up") { json in
        for (policy, groups) in facts.givenUp {
          json.object { json in
            json.member("policy", policy)
            json.member("groups", groups)
          }
        }
      }
    }
    if facts.failedNotifications > 0 {
      json.member("failed_notifications", facts.failedNotifications)
    }
    facts.counts?.write(to: &json)
    if !facts.reactions.isEmpty {
      OwnerReactionText.write(
        Array(facts.reactions.prefix(maximumReactions)), to: &json)
    }
  }
}
