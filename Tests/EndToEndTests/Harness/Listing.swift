import FoundationEssentials

/// What `list -o json` prints.
struct Listing: Decodable {
  /// The connections, in the order of the list.
  let connections: [Row]

  /// Reads it, after checking the exit code.
  init(_ ended: Ended, status: Int32 = 0) throws {
    guard ended.status == status else {
      throw HarnessProblem.fault("status \(ended.status): \(ended.complaints)")
    }
    self = try JSONDecoder().decode(Listing.self, from: Data(ended.output))
  }
}

/// A plan, before it is done or after: what `kill -o json` prints.
struct PlanReport: Decodable {
  /// The boot that its cookies belong to.
  let bootID: String
  /// The connections, the spared ones included.
  let connections: [Row]
  /// What the owners of closed connections did afterwards; nil before anything is done.
  let ownersAfter: [Reaction]?

  /// What one owner did.
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

  /// Reads it from standard output.
  init(_ ended: Ended) throws {
    self = try JSONDecoder().decode(PlanReport.self, from: Data(ended.output))
  }

  private enum CodingKeys: String, CodingKey {
    case connections
    case ownersAfter = "owners_after"
    case bootID = "boot_id"
  }
}

/// One connection; what is always known is not optional.
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
  /// In a plan: why.
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

  /// Reads one line of `-o jsonl`.
  init(line: Substring) throws {
    self = try JSONDecoder().decode(Row.self, from: Data(line.utf8))
  }
}
