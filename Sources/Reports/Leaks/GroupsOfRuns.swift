import Connections
import PolicyEngine

/// What earlier runs recorded, by policy.
struct GroupsOfRuns {
  /// The names of all policies, whatever they group by.
  let policies: [String]
  private let memory: RunMemory

  init(_ memory: RunMemory) {
    self.memory = memory
    policies = Set(memory.groups.keys.map(\.policy)).sorted()
  }

  func hasFlagged(_ cookie: SocketCookie, by policy: String) -> Bool {
    memory.flags[FlagKey(policy: policy, cookie: cookie)] != nil
  }

  func groups(of key: GroupKey) -> [(policy: String, group: RememberedGroup)] {
    let member = key.identifier
    return policies.compactMap { policy in
      memory.groups[RememberedGroupKey(policy: policy, group: member)].map { (policy, $0) }
    }
  }
}
