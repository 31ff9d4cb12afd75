import Connections
import PolicyEngine
import Selection

/// Consecutive runs of policies on a machine whose clock a test controls.
struct Simulation {
  /// The uptime, in milliseconds.
  var now: UInt64 = 100 * 86_400_000
  /// The memory of the runs so far.
  private(set) var memory = RunMemory()
  /// The connections of the machine; ``SampleRow/since`` is the time of their last traffic.
  var rows: [SampleRow] = []
  private(set) var findings: [PolicyFindings] = []
  let policies: PolicySet

  init(_ policies: Policy...) { self.policies = PolicySet(policies: policies) }

  init(file text: String) throws { policies = PolicySet(policies: try read(text).policies) }

  /// Advances the clock.
  mutating func wait(_ milliseconds: UInt64) { now += milliseconds }

  /// One run of `policy apply`, which removes the connections it acts on.
  ///
  /// - Returns: the cookies that the first policy closed, in order.
  @discardableResult
  mutating func run(missing cookies: Set<UInt64> = [], armsOnly: Bool = false) -> [UInt64] {
    let seen = rows.filter { !cookies.contains($0.cookie ?? 0) }
    let table = SampleTable(
      seen, past: PastConnections(memory.connections, at: now), now: now)
    findings = Evaluation.findings(
      of: table, policies: policies, history: PolicyHistory([0: memory], now: now))
    let memories = Evaluation.memory(
      after: findings, of: table, history: PolicyHistory([0: memory], now: now)
    ) { _, group in group.rowsToActOn.count }
    memory = memories[0] ?? RunMemory()
    var closed: [UInt64] = []
    for found in findings {
      for group in found.groups {
        let key = RememberedGroupKey(policy: found.policy.name, group: group.key.identifier)
        for row in found.refusal == nil ? group.rowsToActOn : [] {
          guard found.policy.action != .report else { continue }
          let cookie = table.connection(at: row).cookie
          if found.policy.action == .keepalive {
            memory.flags[FlagKey(policy: found.policy.name, cookie: cookie)]?.isArmed = true
            continue
          }
          closed.append(cookie.rawValue)
          memory.groups[key]?.closed += 1
          memory.forget(cookie, flaggedBy: policies.policies.map(\.name))
        }
      }
    }
    let gone = Set(closed)
    rows.removeAll { $0.cookie.map(gone.contains) ?? false }
    return closed
  }

  /// The decision of the policy with this index about its first group.
  func decision(_ policy: Int = 0) -> FindingGroup.Decision? {
    findings[policy].groups.first?.decision
  }
}
