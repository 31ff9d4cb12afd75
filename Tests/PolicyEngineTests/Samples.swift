import Connections
import PolicyEngine
import Selection
import SystemPackage

/// A resolver that knows few names.
struct SampleNames: NameResolver {
  func addresses(ofHost name: String) throws(LookupFailure) -> [IPAddress] {
    guard name == "db.example" else { throw .noSuchName }
    return [IPAddress(v4: 0x0a00_0014)]
  }

  func port(ofService name: String) -> UInt16? { name == "https" ? 443 : nil }
  func userID(of name: String) throws(LookupFailure) -> UInt32? { name == "app" ? 1000 : nil }
  func interfaceIndex(of name: String) -> UInt32? { name == "lo" ? 1 : nil }
  var serviceNames: [String] { ["https"] }
  var networkNamespaceNames: [KernelName]? { ["blue", "green"] }
}

/// Reads `text` as the file `leaks.yaml`.
func read(_ text: String, name: String = "leaks.yaml") throws(PolicyFileProblems) -> PolicyFile {
  try PolicyFile(name: name, bytes: Array(text.utf8), names: SampleNames())
}

/// The problems in `text`, the content of `leaks.yaml`.
func problems(in text: String) -> String {
  let problems: [PolicyProblem]
  do {
    problems = try read(text).warnings
  } catch {
    problems = error.problems
  }
  return problems.map(\.description).joined(separator: "\n")
}

/// A file with one policy that has these lines after its name.
func file(_ lines: String...) -> String {
  (["version: 1", "policies:", "  - name: leak"] + lines.map { "    " + $0 })
    .joined(separator: "\n") + "\n"
}

/// The value of a valid sample.
func known<Value>(_ value: Value?) -> Value {
  guard let value else { fatalError("a sample is no value") }
  return value
}

/// One connection of a table, and its owners.
struct SampleRow {
  var state = TCPState.closeWait
  var local = "10.0.0.5"
  var localPort: UInt16 = 8080
  var peer = "10.0.0.9"
  var peerPort: UInt16 = 50_000
  var family = AddressFamily.ipv4
  var inode: UInt32 = 77
  var userID: UInt32 = 1000
  /// The time since the last acknowledgement: the minimum time in CLOSE-WAIT.
  var acknowledged: UInt32? = 600_000
  var received: UInt32? = 700_000
  var sent: UInt32? = 700_000
  var owners: [OwnerProcess] = [process(1744, "java")]
  var ownersAreComplete = true
  var cookie: UInt64?
  var controlGroup: String? = "/system.slice/java.service"
  /// The uptime of the last traffic, in place of the three times above. The kernel's counters wrap
  /// after 49.7 days.
  var since: UInt64?
  var bytes: UInt64? = 1000
  var namespace: UInt16 = 0

  func connection(_ row: Int, now: UInt64 = 0) -> Connection {
    var figures = TCPFigures()
    let counter = since.map { UInt32(truncatingIfNeeded: now - $0) }
    figures.lastAcknowledged = counter ?? acknowledged
    figures.lastReceived = counter ?? received
    figures.lastSent = counter ?? sent
    figures.bytesAcknowledged = bytes
    figures.bytesReceived = bytes
    figures.unacknowledged = 0
    var connection = Connection(
      identity: SocketIdentity(
        local: Endpoint(address: known(IPAddress(text: local)), port: localPort),
        peer: Endpoint(address: known(IPAddress(text: peer)), port: peerPort), family: family,
        interface: 0, cookie: known(SocketCookie(rawValue: cookie ?? UInt64(row + 1)))),
      state: state, inode: inode, userID: userID, receiveQueue: 0, sendQueue: 0,
      timer: ConnectionTimer(kind: .off, expires: 0, retransmits: 0), figures: figures)
    connection.namespace = namespace
    return connection
  }
}

func process(_ pid: Int32, _ name: String?, executable: String? = nil) -> OwnerProcess {
  OwnerProcess(
    identity: ProcessIdentity(pid: pid, startTicks: UInt64(pid)), name: name.map { KernelName($0) },
    executable: (executable ?? name.map { "/usr/bin/\($0)" }).map { KernelName($0) }, userID: 1000)
}

/// A table of sample rows.
struct SampleTable: EvaluatedConnections {
  let rows: [SampleRow]
  private let past: PastConnections
  private let now: UInt64

  init(_ rows: [SampleRow], past: PastConnections = .unknown, now: UInt64 = 0) {
    self.rows = rows
    self.past = past
    self.now = now
  }

  var count: Int { rows.count }
  func connection(at index: Int) -> Connection { rows[index].connection(index, now: now) }
  func past(at index: Int) -> ConnectionPast? { past.past(of: connection(at: index)) }
  func owners(at index: Int) -> OwnerList<[OwnerProcess]> {
    OwnerList(rows[index].owners, isComplete: rows[index].ownersAreComplete)
  }
  func knownOwners(at index: Int) -> [OwnerProcess] { rows[index].owners }
  func controlGroup(at index: Int) -> ControlGroup? {
    rows[index].controlGroup.map { ControlGroup(path: $0) }
  }
}
