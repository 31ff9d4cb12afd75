import FoundationEssentials

/// The output of `list -o json`.
struct Listing: Decodable {
  /// The connections in output order.
  let connections: [Row]

  /// Checks the exit code and decodes standard output.
  init(_ ended: CommandResult, status: Int32 = 0) throws {
    guard ended.status == status else {
      throw HarnessProblem.fault("status \(ended.status): \(ended.errorText)")
    }
    self = try JSONDecoder().decode(Listing.self, from: Data(ended.output))
  }
}

/// The output of `kill -o json`: a plan, or its outcome.
struct PlanReport: Decodable {
  /// The ID of the boot for which the cookies are valid.
  let bootID: String
  /// The connections, including the spared ones.
  let connections: [Row]
  /// What the owners of closed connections did afterwards, or nil in a plan.
  let ownersAfter: [Reaction]?

  /// What an owner did after the closing.
  struct Reaction: Decodable {
    let pid: Int32
    let name: String
    let deadDescriptors: Int?
    let percentBefore: Int?
    let percentAfter: Int?
    let spinning: Bool?

    private enum CodingKeys: String, CodingKey {
      case pid, name, spinning
      case deadDescriptors = "dead_descriptors"
      case percentBefore = "cpu_percent_before"
      case percentAfter = "cpu_percent_after"
    }
  }

  /// Decodes standard output.
  init(_ ended: CommandResult) throws {
    self = try JSONDecoder().decode(PlanReport.self, from: Data(ended.output))
  }

  private enum CodingKeys: String, CodingKey {
    case connections
    case ownersAfter = "owners_after"
    case bootID = "boot_id"
  }
}

/// A connection in JSON output. Values that are always present are not optional.
struct Row: Decodable {
  struct Endpoint: Decodable {
    let address: String
    let port: UInt16
  }
  struct Bound: Decodable {
    let atLeast: Int?
    private enum CodingKeys: String, CodingKey { case atLeast = "at_least" }
  }
  struct Owner: Decodable, Equatable {
    let pid: Int32
    let name: String?
    let executable: String?
    let fds: [Int32]?
  }
  struct Timer: Decodable {
    let kind: String
  }

  let netns: UInt32?
  let family: String
  let state: String
  let local: Endpoint
  let peer: Endpoint
  let interface: String?
  let mapped: Bool?
  let ipv6Only: Bool?
  let inode: UInt32?
  let cookie: String
  let uid: UInt32?
  let user: String?
  let receiveQueue: Int
  let sendQueue: Int
  let idle: Int?
  let lastAcknowledged: Int?
  let inState: Bound?
  let age: Bound?
  let timer: Timer?
  let owners: [Owner]?
  let ownersComplete: Bool?
  let cgroup: String?
  let unit: String?
  let container: String?
  let containerName: String?
  let pod: String?
  let podName: String?
  let podNamespace: String?
  let note: String?
  /// In a plan: `close` or `spare`.
  let decision: String?
  /// In a plan: the reason for the decision.
  let reason: String?
  /// After a kill: `closed`, `gone`, `spared`, `failed`, `unverified`.
  let result: String?

  private enum CodingKeys: String, CodingKey {
    case netns, family, state, local, peer, interface, inode, cookie, uid, user, timer, owners
    case cgroup, unit, container, pod, note, decision, reason, result, mapped
    case ipv6Only = "ipv6_only"
    case receiveQueue = "recv_queue"
    case sendQueue = "send_queue"
    case idle = "idle_ms"
    case lastAcknowledged = "last_ack_ms"
    case inState = "in_state_ms"
    case age = "age_ms"
    case ownersComplete = "owners_complete"
    case containerName = "container_name"
    case podName = "pod_name"
    case podNamespace = "pod_namespace"
  }

  /// Decodes a line of `-o jsonl`.
  init(line: Substring) throws {
    self = try JSONDecoder().decode(Row.self, from: Data(line.utf8))
  }
}
