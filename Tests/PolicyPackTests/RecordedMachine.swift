import Connections
import Netlink
import PolicyEngine
import Scanning
import Selection
import SystemPackage
import TestSupport

let minute: UInt64 = 60_000
let hour = 60 * minute
let day = 24 * hour

/// A machine whose conversations with the kernel are recorded. Policies see the recordings.
final class RecordedMachine {
  /// The uptime, in milliseconds.
  var now = 100 * day
  private var sockets: [(socket: FakeSocket, since: UInt64)] = []
  private var processes: [Int32: (name: String, cgroup: String, inodes: [UInt32])] = [:]
  private var memory = RunMemory()
  private var lastCookie: UInt64 = 0
  private let policies: PolicySet

  /// Creates a machine with a shipped policy file.
  init(_ file: String) throws {
    policies = try PolicySet([Self.file(file)])
  }

  /// Creates a machine with the policies in `text`.
  init(policies text: String) throws {
    policies = try PolicySet([
      try PolicyFile(name: "test.yaml", bytes: Array(text.utf8), names: NoNames())
    ])
  }

  /// The directory of the shipped policies.
  private static var directory: FilePath {
    var path = FilePath(#filePath)
    for _ in 0..<3 { path.removeLastComponent() }
    return path.appending("Policies")
  }

  private static func file(_ name: String) throws -> PolicyFile {
    let file = try FileDescriptor.open(directory.appending(name), .readOnly)
    let bytes = try file.closeAfter {
      var bytes = [UInt8](repeating: 0, count: 1 << 16)
      let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
      return Array(bytes[..<count])
    }
    return try PolicyFile(name: name, bytes: bytes, names: NoNames())
  }

  /// Adds connections of a process that have been in their state, and idle, for `time`.
  func add(
    _ count: Int, _ state: TCPState, of pid: Int32, _ name: String, for time: UInt64,
    cgroup: String = "/", held: Bool = true, change: (inout FakeSocket) -> Void = { _ in }
  ) {
    for _ in 0..<count {
      lastCookie += 1
      var socket = FakeSocket(cookie: lastCookie, inode: held ? UInt32(lastCookie) + 1000 : 0)
      socket.state = state.rawValue
      socket.local = [10, 0, 0, 5]
      socket.peer = [10, 0, 0, 9]
      socket.peerPort = UInt16(20_000 + lastCookie)
      change(&socket)
      sockets.append((socket, now - time))
      guard held else { continue }
      processes[pid, default: (name, cgroup, [])].inodes.append(socket.inode)
    }
  }

  /// Runs the policies once, removes the connections that they close, and returns the findings.
  func run() throws -> [PolicyFindings] {
    let snapshot = try replay(record())
    let history = PolicyHistory([0: memory], now: now)
    let findings = Evaluation.findings(of: snapshot, policies: policies, history: history)
    memory =
      Evaluation.memory(after: findings, of: snapshot, history: history) {
        $1.rowsToActOn.count
      }[0] ?? RunMemory()
    var gone: Set<UInt64> = []
    for found in findings {
      for row in found.rowsToActOn {
        let cookie = snapshot.connections[row].cookie
        if found.policy.action == .keepalive {
          memory.flags[FlagKey(policy: found.policy.name, cookie: cookie)]?.isArmed = true
        } else {
          gone.insert(cookie.rawValue)
        }
      }
    }
    sockets.removeAll { gone.contains($0.socket.cookie) }
    return findings
  }

  /// Runs the policies once and returns the number of connections that each acts on, by name.
  func counts() throws -> [String: Int] {
    try run().reduce(into: [:]) { $0[$1.policy.name] = $1.rowsOverThreshold.count }
  }

  /// The number of connections of a process.
  func count(of pid: Int32) -> Int {
    let inodes = Set(processes[pid]?.inodes ?? [])
    return sockets.count { inodes.contains($0.socket.inode) }
  }

  /// The cookies of all connections, oldest first.
  var cookies: [UInt64] { sockets.map(\.socket.cookie) }

  /// The conversation of a scan with the kernel, as text.
  private func record() throws -> [UInt8] {
    let kernel = FakeKernel(
      sockets.map { socket, since in
        var socket = socket
        if socket.info != nil { socket.info = .idle(UInt32(truncatingIfNeeded: now - since)) }
        if socket.sendQueue > 0 { socket.info?.unacked = 1 }
        return socket
      })
    var recording = Recording()
    let tree = ProcTree()
    tree.process(77, name: "bystander")
    _ = try scan(in: tree) {
      RecordingTransport(kernel.open()) { recording.entries.append($0) }
    }
    return recording.text
  }

  private func replay(_ text: [UInt8]) throws -> Snapshot {
    let transport = ReplayTransport(try Recording(text: text))
    let tree = ProcTree()
    tree.process(77, name: "bystander")
    for (pid, process) in processes {
      tree.process(pid, name: process.name)
      tree.file("\(pid)/cgroup", "0::\(process.cgroup)\n")
      for (index, inode) in process.inodes.enumerated() {
        tree.link("\(pid)/fd/\(index + 3)", to: "socket:[\(inode)]")
      }
    }
    return try scan(in: tree) { transport }
  }

  private func scan(
    in tree: ProcTree, _ open: @escaping () -> any NetlinkTransport
  ) throws -> Snapshot {
    let scanner = Scanner(processes: tree.files, threads: 1) { open() }
    let matches = policies.policies.map(\.match) + [.term(.states(.shownByDefault))]
    return try scanner.scan(
      ScanRequest(
        .any(matches), reading: [.figures, .owners, .controlGroups], keepsUndecided: true,
        past: PastConnections(memory.connections, at: now)),
      at: ScanMoment(bootID: "b", networkNamespace: 7, uptime: now, kernelRelease: "6.18"))
  }
}

/// A resolver for policies that use no names.
private struct NoNames: NameResolver {
  func addresses(ofHost name: String) throws(LookupFailure) -> [IPAddress] { throw .noSuchName }
  func port(ofService name: String) -> UInt16? { nil }
  func userID(of name: String) throws(LookupFailure) -> UInt32? { nil }
  func interfaceIndex(of name: String) -> UInt32? { nil }
  var serviceNames: [String] { [] }
}
