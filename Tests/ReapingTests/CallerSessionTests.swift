import Connections
import Netlink
import ProcessTable
import Reaping
import Scanning
import Selection
import SocketDiagnostics
import SystemPackage
import TestSupport
import Testing

/// Sessions of a caller that its own environment does not name.
@Suite struct CallerSessionTests {
  private let tree = ProcTree()

  /// The device number of a pseudoterminal in `/proc/PID/stat`.
  private func tty(_ number: Int) -> Int { 136 << 8 | number & 0xff | (number & ~0xff) << 12 }

  private func process(
    _ pid: Int32, _ name: String, parent: Int32, terminal: Int? = nil, session: Int? = nil,
    links: KeyValuePairs<Int32, String> = [:]
  ) {
    tree.process(
      pid, name: name, parent: parent, terminal: terminal.map { tty($0) } ?? 0, links: links)
    if let session {
      tree.file("\(pid)/environ", "A=b\0SSH_CONNECTION=10.0.0.9 \(session) 10.0.0.5 22\0")
    }
  }

  private func caller(_ pid: Int32) throws -> Caller {
    try Caller(pid: pid, sshConnection: nil, in: tree.files)
  }

  /// tmux was started in a session that has ended, and is attached from another.
  private func tmux(client: String = "tmux: client", server: String = "tmux: server") {
    process(1, "init", parent: 0)
    process(10, "sshd-session", parent: 1, links: [4: "socket:[11]", 5: "/dev/ptmx"])
    process(11, "bash", parent: 10, terminal: 2, session: 2000, links: [0: "/dev/pts/2"])
    process(12, client, parent: 11, terminal: 2, session: 2000, links: [0: "/dev/pts/2"])
    process(
      20, server, parent: 1, session: 1000,
      links: [3: "/dev/ptmx", 6: "/dev/pts/2", 7: "/dev/null"])
    process(30, "bash", parent: 20, terminal: 7, session: 1000, links: [0: "/dev/pts/7"])
    process(40, "connreap", parent: 30, terminal: 7, links: [0: "/dev/pts/7"])
  }

  @Test func findsTheSessionAttachedToTmux() throws {
    tmux()
    let caller = try caller(40)
    #expect(Set(caller.sessions.map(\.client.port)) == [1000, 2000])
    #expect(caller.supporters == [10: .terminal])
    #expect(caller.ancestors.map(\.pid) == [30, 20, 1])
  }

  @Test func followsNestedTerminals() throws {
    tmux(client: "screen", server: "SCREEN")
    // The shell in screen runs tmux, and connreap runs there.
    process(50, "tmux: client", parent: 30, terminal: 7, links: [0: "/dev/pts/7"])
    process(60, "tmux: server", parent: 1, links: [9: "/dev/pts/7"])
    process(61, "bash", parent: 60, terminal: 300, links: [0: "/dev/pts/300"])
    process(62, "connreap", parent: 61, terminal: 300)
    let caller = try caller(62)
    #expect(caller.supporters == [10: .terminal, 20: .terminal])
    #expect(Set(caller.sessions.map(\.client.port)) == [1000, 2000])
  }

  @Test func programsOnTheTerminalAreNotSupporters() throws {
    tmux()
    process(50, "leaky-server", parent: 30, terminal: 7, links: [3: "socket:[50]"])
    process(51, "worker", parent: 50, terminal: 7)
    process(52, "worker", parent: 11, terminal: 2)
    process(53, "orphan", parent: 1, terminal: 7)
    let caller = try caller(40)
    #expect(caller.supporters == [10: .terminal])
    #expect(caller.carriers == [10, 20])
  }

  @Test func examinesNoProcessWithoutATerminal() throws {
    tmux()
    process(70, "cron", parent: 1, links: [3: "socket:[70]"])
    process(71, "connreap", parent: 70, links: [0: "/dev/null", 1: "pipe:[1]", 3: "/dev/ptmx"])
    let caller = try caller(71)
    #expect(caller.supporters.isEmpty && caller.sessions.isEmpty && caller.carriers.isEmpty)
  }

  @Test func recognizesTerminalsByDeviceNumber() throws {
    tmux()
    process(
      80, "getty", parent: 1,
      links: [
        0: "/dev/tty1", 1: "/dev/tty", 2: "/dev/pts/x", 3: "/tmp/pts/2", 4: "/dev/pts/2 (deleted)",
      ])
    #expect(try tree.files.terminals(of: 80).count == 2, "tty1 and pts/2")
    #expect(try tree.files.terminals(of: 20) == tree.files.terminals(of: 12))
    #expect(try tree.files.terminals(of: 10).isEmpty)
    #expect(try tree.files.places()[12]?.terminal == tree.files.terminals(of: 11).first)
  }

  // MARK: Tunnels

  /// One end of a connection between two local ports.
  private func socket(
    _ inode: UInt32, _ localPort: UInt16, _ peerPort: UInt16, peer: [UInt8] = [127, 0, 0, 1],
    state: UInt8 = 1
  ) -> FakeSocket {
    FakeSocket(cookie: UInt64(inode), inode: inode) {
      $0.peer = peer
      ($0.localPort, $0.peerPort, $0.state) = (localPort, peerPort, state)
    }
  }

  private func listener(_ inode: UInt32, _ port: UInt16) -> FakeSocket {
    FakeSocket(cookie: UInt64(inode), inode: inode) {
      ($0.local, $0.peer) = ([0, 0, 0, 0], [0, 0, 0, 0])
      ($0.localPort, $0.peerPort, $0.state) = (port, 0, 10)
    }
  }

  /// sshd with a session from local port 5001, in which connreap runs.
  private func session(from port: UInt16 = 5001) throws -> Caller {
    process(1, "init", parent: 0)
    process(10, "sshd-session", parent: 1, links: [4: "socket:[11]"])
    process(11, "bash", parent: 10)
    process(12, "connreap", parent: 11)
    return try Caller(pid: 12, sshConnection: "127.0.0.1 \(port) 127.0.0.1 22", in: tree.files)
  }

  private func follow(_ caller: Caller, _ sockets: [FakeSocket]) throws -> Caller {
    let kernel = FakeKernel(sockets)
    let scanner = Scanner(processes: tree.files, threads: 1) { kernel.open() }
    return try SessionTunnels(in: tree.files, threads: 1) { (request, each) throws(ScanProblem) in
      try scanner.list(request, each: each)
    }.following(caller)
  }

  @Test func aLocalProcessAtTheOtherEndIsATunnel() throws {
    let caller = try session()
    process(20, "socat", parent: 1, links: [5: "socket:[21]", 6: "socket:[22]"])
    process(30, "other", parent: 1, links: [5: "socket:[31]"])
    let found = try follow(
      caller,
      [
        socket(11, 22, 5001), socket(21, 5001, 22), listener(9, 2222),
        socket(22, 2222, 40_000, peer: [10, 0, 0, 9]), socket(31, 2222, 40_001),
      ])
    #expect(found.supporters == [20: .tunnel])
  }

  @Test func followsNestedTunnels() throws {
    let caller = try session()
    process(20, "socat", parent: 1, links: [5: "socket:[21]", 6: "socket:[22]"])
    process(30, "haproxy", parent: 1, links: [5: "socket:[31]", 6: "socket:[32]"])
    process(40, "database", parent: 1, links: [5: "socket:[41]"])
    let found = try follow(
      caller,
      [
        socket(11, 22, 5001), socket(21, 5001, 22), listener(9, 2222),
        socket(22, 2222, 5002), socket(31, 5002, 2222),
        // Outgoing connections of a tunnel are not followed.
        socket(32, 6001, 5432), socket(41, 5432, 6001), listener(8, 5432),
      ])
    #expect(found.supporters == [20: .tunnel, 30: .tunnel])
  }

  @Test func findsTheSessionOfALocalClient() throws {
    let caller = try session()
    process(40, "sshd-session", parent: 1, links: [4: "socket:[41]"])
    process(41, "bash", parent: 40, terminal: 3, session: 3000)
    process(
      42, "ssh", parent: 41, terminal: 3, session: 3000,
      links: [0: "/dev/pts/3", 3: "socket:[21]"])
    let found = try follow(caller, [socket(11, 22, 5001), socket(21, 5001, 22)])
    #expect(found.supporters == [42: .tunnel, 40: .tunnel])
    #expect(found.sessions.map(\.client.port) == [5001, 3000])
  }

  @Test func aRemoteSessionNeedsOneFilteredDump() throws {
    let caller = try session()
    let kernel = FakeKernel([socket(11, 22, 5001)])
    let scanner = Scanner(processes: tree.files, threads: 1) { kernel.open() }
    let found = try SessionTunnels(in: tree.files, threads: 1) {
      (request, each) throws(ScanProblem) in
      try scanner.list(request, each: each)
    }.following(caller)
    #expect(found == caller && kernel.dumpRequests.count == 1)
    #expect(kernel.dumpRequests.first?.program != nil, "the kernel filters out all others")
  }

  /// What a run knows about a caller's sessions, and its requests to the kernel.
  private final class Run {
    let kernel: FakeKernel
    private let memory = TunnelMemory()
    private let tunnels: SessionTunnels

    init(_ sockets: [FakeSocket], _ files: ProcFileSystem) {
      let kernel = FakeKernel(sockets)
      let scanner = Scanner(processes: files, threads: 1) { kernel.open() }
      self.kernel = kernel
      tunnels = SessionTunnels(in: files, threads: 1) { (request, each) throws(ScanProblem) in
        try scanner.list(request, each: each)
      }
    }

    func follow(_ caller: Caller) throws -> Caller {
      try tunnels.following(caller, remembering: memory)
    }
  }

  @Test func looksForARemoteEndOncePerRun() throws {
    let caller = try session()
    let run = Run([socket(11, 22, 5001)], tree.files)
    for _ in 0..<3 { #expect(try run.follow(caller) == caller) }
    #expect(run.kernel.dumpRequests.count == 1)
  }

  @Test func listsANamespaceAgainAfterAFailure() throws {
    let caller = try session()
    process(20, "socat", parent: 1, links: [5: "socket:[21]"])
    let (own, other) = (FakeKernel([socket(11, 22, 5001)]), FakeKernel([socket(21, 5001, 22)]))
    var canEnter = false
    let scanner = Scanner(
      processes: tree.files, controlGroups: nil, threads: 1,
      namespaces: [
        NamespaceSource(.own) { () throws(NetlinkProblem) in own.open() },
        NamespaceSource(ScannedNamespace(inode: 7, name: "blue", isOwn: false)) {
          () throws(NetlinkProblem) in
          guard canEnter else { throw .cannotEnter(.noMemory) }
          return other.open()
        },
      ])
    let tunnels = SessionTunnels(in: tree.files, threads: 1) {
      (request, each) throws(ScanProblem) in
      try scanner.list(request, each: each)
    }
    let memory = TunnelMemory()
    #expect(try tunnels.following(caller, remembering: memory).supporters.isEmpty)
    canEnter = true
    #expect(try tunnels.following(caller, remembering: memory).supporters == [20: .tunnel])
  }

  @Test func looksAgainForAnUnacceptedEnd() throws {
    let caller = try session()
    var waiting = socket(21, 5001, 22)
    waiting.inode = 0
    let run = Run([socket(11, 22, 5001), waiting], tree.files)
    #expect(try run.follow(caller).supporters.isEmpty)
    process(20, "socat", parent: 1, links: [5: "socket:[21]"])
    run.kernel.sockets[1].inode = 21
    #expect(try run.follow(caller).supporters == [20: .tunnel])
  }

  @Test func looksForATunnelEachTime() throws {
    let caller = try session()
    process(20, "socat", parent: 1, links: [5: "socket:[21]"])
    let run = Run([socket(11, 22, 5001), socket(21, 5001, 22), listener(9, 2222)], tree.files)
    #expect(try run.follow(caller).supporters == [20: .tunnel])
    // Its socket is passed to another process.
    process(30, "haproxy", parent: 1, links: [5: "socket:[21]"])
    #expect(try run.follow(caller).supporters == [20: .tunnel, 30: .tunnel])
  }

  @Test func looksForANewSession() throws {
    let run = Run([socket(11, 22, 5001), socket(21, 5002, 22)], tree.files)
    let before = try session()
    #expect(try run.follow(before) == before)
    process(20, "ssh", parent: 1, links: [5: "socket:[21]"])
    let after = try Caller(
      pid: 12, sshConnection: "127.0.0.1 5002 127.0.0.1 22", in: tree.files)
    #expect(try run.follow(after).supporters == [20: .tunnel])
    #expect(run.kernel.dumpRequests.count == 3, "one for each session, and one for the tunnel's")
  }

  /// A session that is not ssh: its server holds a terminal and a connection.
  private func telnet() throws -> Caller {
    process(1, "init", parent: 0)
    tree.process(
      10, name: "telnetd", parent: 1, links: [3: "/dev/ptmx", 4: "socket:[11]"])
    process(11, "bash", parent: 10, terminal: 2, links: [0: "/dev/pts/2"])
    process(12, "connreap", parent: 11, terminal: 2)
    return try caller(12)
  }

  @Test func listsTheSocketsOfCarriersOncePerRun() throws {
    let run = Run([socket(11, 23, 5001, peer: [10, 0, 0, 9])], tree.files)
    let caller = try telnet()
    #expect(caller.carriers.contains(10))
    for number in 0..<3 {
      // connreap uses a new socket for each conversation with the kernel.
      tree.link("12/fd/\(7 + number)", to: "socket:[\(90 + number)]")
      #expect(try run.follow(caller) == caller)
    }
    #expect(run.kernel.dumpRequests.count == 2, "its sockets once, and the other end once")
  }

  @Test func followsANewSocketOfACarrier() throws {
    let run = Run([socket(11, 23, 5001, peer: [10, 0, 0, 9])], tree.files)
    let caller = try telnet()
    #expect(try run.follow(caller) == caller)
    tree.link("10/fd/5", to: "socket:[31]")
    run.kernel.sockets += [socket(31, 23, 5003), socket(32, 5003, 23)]
    process(40, "stunnel", parent: 1, links: [3: "socket:[32]"])
    #expect(try run.follow(caller).supporters == [40: .tunnel])
  }

  @Test func clientsOfAServiceAreNotTunnels() throws {
    let caller = try session()
    var sockets = [socket(11, 22, 5001), socket(21, 5001, 22), listener(9, 2222)]
    process(20, "haproxy", parent: 1, links: [5: "socket:[21]"])
    process(30, "app", parent: 1)
    for number in 0..<UInt16(100) {
      let (server, client) = (1000 + UInt32(number), 2000 + UInt32(number))
      sockets += [socket(server, 2222, 7000 + number), socket(client, 7000 + number, 2222)]
      tree.link("20/fd/\(server)", to: "socket:[\(server)]")
      tree.link("30/fd/\(client)", to: "socket:[\(client)]")
    }
    #expect(try follow(caller, sockets).supporters == [20: .tunnel])
  }

  @Test func throwsIfSocketsCannotBeListed() throws {
    let caller = try session()
    let kernel = FakeKernel([])
    kernel.failDump = { _ in .refused(.notPermitted) }
    let scanner = Scanner(processes: tree.files, threads: 1) { kernel.open() }
    #expect(throws: ScanProblem.self) {
      try SessionTunnels(in: tree.files, threads: 1) { (request, each) throws(ScanProblem) in
        try scanner.list(request, each: each)
      }.following(caller)
    }
  }

  @Test func sparesConnectionsOfSupporters() throws {
    let scene = Scene([FakeSocket(cookie: 1, inode: 11)])
    scene.tree.process(100, name: "socat", links: [3: "socket:[11]"])
    let snapshot = try scene.snapshot(.term(.states(.all)))
    for (support, word) in [(Caller.Support.tunnel, "passes"), (.terminal, "terminal")] {
      let caller = Caller(
        process: ProcessIdentity(pid: 9000, startTicks: nil), ancestors: [],
        supporters: [100: support])
      let reason = Scene.guards(caller: caller, unprotected: ["sshd"])
        .reasonToSpare(snapshot.connections[0], in: snapshot)
      #expect(reason == .supportsSession(support, pid: 100))
      #expect(reason?.description.contains(word) == true)
      #expect(reason?.description.hasPrefix("your own session") == true)
    }
  }
}
