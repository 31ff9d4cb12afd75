import Connections
import Netlink
import Selection
import SocketDiagnostics
import TestSupport

/// Properties of the part of a selection that the kernel evaluates.
enum KernelProperties {
  private static let sockets: [(socket: FakeSocket, row: Connection)] = {
    let sockets = [
      FakeSocket(cookie: 1, inode: 1) { $0.mark = 0 },
      FakeSocket(cookie: 2, inode: 2) {
        $0.state = 10
        $0.localPort = 80
        $0.peerPort = 0
        $0.local = [0, 0, 0, 0]
        $0.peer = [0, 0, 0, 0]
        $0.mark = 0
      },
      FakeSocket(cookie: 3, inode: 0) {
        $0.state = 6
        $0.info = nil
      },
      FakeSocket(cookie: 4, inode: 4) {
        $0.state = 8
        $0.local = [10, 0, 0, 5]
        $0.peer = [10, 1, 0, 1]
        $0.localPort = 40000
        $0.peerPort = 443
        $0.receiveQueue = 5000
        $0.info = .idle(3_600_000)
        $0.mark = 1
        $0.isAutobound = true
      },
      FakeSocket(cookie: 5, inode: 5) {
        $0.family = 10
        $0.local = [UInt8](repeating: 0, count: 15) + [1]
        $0.peer = [UInt8](repeating: 0, count: 15) + [1]
        $0.localPort = 65535
        $0.peerPort = 80
        $0.interface = 1
        $0.mark = 0xffff_ffff
      },
      FakeSocket(cookie: 6, inode: 6) {
        $0.family = 10
        $0.local = [UInt8](repeating: 0, count: 10) + [0xff, 0xff, 10, 0, 0, 5]
        $0.peer = [UInt8](repeating: 0, count: 10) + [0xff, 0xff, 10, 1, 0, 1]
        $0.userID = 0
        $0.sendQueue = 1
        $0.mark = 0
      },
    ]
    return sockets.compactMap { socket in
      var row: Connection?
      var diagnostics = TCPDiagnostics(
        over: ScriptedTransport(
          WireBytes.message(type: 20, payload: socket.row), WireBytes.done()),
        uptime: nil)
      let request = DumpRequest(family: .ipv4, states: .all, details: [])
      _ = try? diagnostics.dump(request) { row = $0 }
      return row.map { (socket, $0) }
    }
  }()

  /// The kernel accepts every program, and omits no socket that the selection may match.
  static func check(_ selection: SelectionPredicate) throws(Violation) {
    let prepared = PreparedSelection(selection)
    let verdicts = sockets.map { selection.verdict(of: $0.row, owners: UnknownOwners()) }
    for (verdict, (_, row)) in zip(verdicts, sockets) {
      try require(
        prepared.verdict(of: row, owners: UnknownOwners()) == verdict,
        "preparing \(selection) changes its verdict on \(row.local)")
    }
    for family in AddressFamily.allCases {
      let split = SelectionSplit(of: selection, family: family)
      var bytecode = InetDiagBytecode(split.condition)
      while let program = bytecode {
        try check(program, split, verdicts)
        bytecode = program.forOlderKernel
      }
      guard split.selectsNothing else { continue }
      for (verdict, (_, row)) in zip(verdicts, sockets) where row.identity.family == family {
        try require(
          verdict == .no, "\(selection) may match \(row.local), but connreap requests no dump")
      }
    }
  }

  private static func check(
    _ bytecode: InetDiagBytecode, _ split: SelectionSplit, _ verdicts: [Verdict]
  ) throws(Violation) {
    let program = DiagProgram(bytecode.bytes)
    if let refusal = program.refusal() {
      throw Violation("the kernel rejects the program for \(bytecode.condition): \(refusal)")
    }
    for (verdict, (socket, row)) in zip(verdicts, sockets)
    where verdict != .no && row.identity.family == split.family {
      try require(
        split.states.contains(row.state) && program.accepts(socket.entry),
        "the program for \(bytecode.condition) omits \(row.local), which may match")
    }
  }
}
