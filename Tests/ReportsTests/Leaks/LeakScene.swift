import Connections
import ProcessTable
import Scanning
import Selection
import TestSupport

@testable import Operations
@testable import Presentation
@testable import Reports

/// A fake machine with programs that leak.
struct LeakScene {
  let tree = ProcTree()
  static let uptime: UInt64 = 10 * 86_400_000
  private(set) var sockets: [FakeSocket] = []
  private var pids: Set<Int32> = []

  init() { tree.process(9999, name: "bystander") }

  /// Adds a process, unless it exists, with connections in CLOSE-WAIT for these times, in milliseconds.
  mutating func add(
    _ pid: Int32, _ name: String, command: [String]? = nil, in group: String? = nil,
    leaks times: [UInt32] = [], idle: [UInt32] = [], localPort: UInt16 = 40_000,
    peer: [UInt8] = [10, 0, 0, 20], peerPort: UInt16 = 5432
  ) {
    if pids.insert(pid).inserted { tree.process(pid, name: name, command: command) }
    if let group { tree.file("\(pid)/cgroup", "0::\(group)\n") }
    for time in times { add(pid, state: 8, time, localPort, peer, peerPort) }
    for time in idle { add(pid, state: 1, time, localPort, peer, peerPort) }
  }

  /// Adds a connection that the processes `pids` hold.
  private mutating func add(
    _ pid: Int32, state: UInt8, _ time: UInt32, _ localPort: UInt16, _ peer: [UInt8],
    _ peerPort: UInt16
  ) {
    let number = UInt32(sockets.count + 1)
    sockets.append(
      FakeSocket(cookie: UInt64(number), inode: number) {
        $0.state = state
        $0.info = .idle(time)
        $0.localPort = localPort
        ($0.peer, $0.peerPort) = (peer, peerPort)
      })
    tree.link("\(pid)/fd/\(number + 2)", to: "socket:[\(number)]")
  }

  /// Adds a listener of the process on this port.
  mutating func listen(_ pid: Int32, on port: UInt16) {
    let number = UInt32(sockets.count + 1)
    sockets.append(
      FakeSocket(cookie: UInt64(number), inode: number) {
        $0.state = 10
        $0.local = [0, 0, 0, 0]
        $0.localPort = port
        ($0.peer, $0.peerPort) = ([0, 0, 0, 0], 0)
      })
    tree.link("\(pid)/fd/\(number + 2)", to: "socket:[\(number)]")
  }

  func snapshot() throws -> Snapshot {
    let kernel = FakeKernel(sockets)
    let scanner = Scanner(processes: tree.files, threads: 1) { kernel.open() }
    let moment = ScanMoment(
      bootID: "b", networkNamespace: 4711, uptime: Self.uptime, kernelRelease: "6.18",
      time: "2026-01-02T03:04:05.678Z", host: "db1")
    return try scanner.scan(
      ScanRequest(.everything, reading: [.figures, .owners, .controlGroups, .listeners]),
      at: moment)
  }

  func search(
    by grouping: Grouping = .program, rule: LeakRule = LeakRule(), dead: DeadDescriptors? = nil,
    memory: RunMemory? = nil
  ) throws -> LeakSearch {
    LeakSearch(in: try snapshot(), by: grouping, rule: rule, dead: dead, memory: memory)
  }

  func report(
    by grouping: Grouping = .program, rule: LeakRule = LeakRule()
  ) throws -> LeaksReport {
    var search = try search(by: grouping, rule: rule)
    search.readDescriptors { _ in DescriptorRoom(open: 665, limit: 20_000) }
    return LeaksReport(search: search, snapshot: try snapshot())
  }
}
