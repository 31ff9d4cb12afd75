import Connections
import Netlink
import ProcessTable
import Scanning
import Selection
import TestSupport

/// 10,000 sockets of 50 processes, like the load of `Scripts/bench`.
struct Scene {
  static let count = 10_000
  static let processes = 50

  /// The kernel's answer to a dump, as datagrams.
  let datagrams: [[UInt8]]
  /// The connections with their owners.
  let snapshot: Snapshot
  /// The holders of the sockets, as a walk of `/proc` would find them.
  let holders: [SocketHolder]

  init() throws {
    let sockets = (0..<Self.count).map { number in
      FakeSocket(cookie: UInt64(number + 1), inode: UInt32(number + 5000)) { socket in
        socket.state = number.isMultiple(of: 10) ? 8 : 1
        socket.local = [127, 1, 0, UInt8(number % Self.processes)]
        socket.localPort = UInt16(8000 + number % Self.processes)
        socket.peerPort = UInt16(1024 + number * 7 % 60_000)
        socket.receiveQueue = UInt32(number % 3)
        socket.info = .idle(UInt32(number * 37))
      }
    }
    let kernel = FakeKernel(sockets)
    var received: [[UInt8]] = []
    let tree = ProcTree()
    let groups = Dictionary(grouping: sockets, by: \.localPort)
    holders = groups.values.enumerated().map { index, held in
      SocketHolder(
        process: OwnerProcess(
          identity: ProcessIdentity(pid: Int32(index + 100), startTicks: 5), name: "load",
          executable: nil, userID: nil),
        sockets: held.enumerated().map {
          HeldSocket(inode: $1.inode, descriptor: Int32($0 + 3))
        })
    }
    for holder in holders {
      tree.process(holder.process.pid, name: "load")
      for socket in holder.sockets {
        tree.link(
          "\(holder.process.pid)/fd/\(socket.descriptor)", to: "socket:[\(socket.inode)]")
      }
    }
    snapshot = try Scanner(processes: tree.files, threads: 1) {
      CopyingTransport(kernel.open()) { received.append($0) }
    }.scan(
      ScanRequest(
        SelectionPredicate.everything.limitedToDefaultStates(), reading: [.figures, .ownerNames]),
      at: ScanMoment(bootID: nil, networkNamespace: nil, uptime: nil, kernelRelease: nil))
    datagrams = received
  }
}

/// A transport that keeps a copy of every received datagram.
private final class CopyingTransport: NetlinkTransport {
  private let inner: any NetlinkTransport
  private let keep: ([UInt8]) -> Void

  init(_ inner: any NetlinkTransport, _ keep: @escaping ([UInt8]) -> Void) {
    self.inner = inner
    self.keep = keep
  }

  func send(_ datagram: [UInt8]) throws(NetlinkProblem) { try inner.send(datagram) }

  func receive(into buffer: inout [UInt8]) throws(NetlinkProblem) -> ReceivedDatagram {
    let datagram = try inner.receive(into: &buffer)
    keep(Array(buffer[..<datagram.count]))
    return datagram
  }
}

/// A kernel with a prepared answer to a dump.
final class ReadyKernel: NetlinkTransport {
  private let datagrams: [[UInt8]]
  private var next = 0

  init(_ datagrams: [[UInt8]]) { self.datagrams = datagrams }

  func send(_ datagram: [UInt8]) {}

  func receive(into buffer: inout [UInt8]) throws(NetlinkProblem) -> ReceivedDatagram {
    guard next < datagrams.count else { throw .unfinished }
    let datagram = datagrams[next]
    next += 1
    buffer.withUnsafeMutableBytes { $0.copyBytes(from: datagram) }
    return ReceivedDatagram(count: datagram.count)
  }
}
