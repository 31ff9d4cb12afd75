public import Connections
public import ProcessTable
public import Scanning
public import SocketDiagnostics

/// Finds the processes of this machine that the caller's sessions pass through: a tunnel of ssh,
/// socat or HAProxy in front of sshd.
///
/// Such a process holds the other end of a session's connection. The session also needs its other
/// connections, one of which leads to the person. One that another local process made is
/// followed in the same way.
public struct SessionTunnels {
  private let files: ProcFileSystem
  private let threads: Int
  private let list: (DumpRequest, (Connection) -> Void) throws(ScanProblem) -> Void

  /// How many processes a session is followed through, one behind another.
  private static let rounds = 4
  /// From how many connections of other local processes on it is no tunnel but a service that
  /// happens to serve the session too, and those processes are not followed.
  private static let mostClients = 64

  /// - Parameter list: lists the sockets of a request, in the network namespaces that are looked at.
  public init(
    in files: ProcFileSystem, threads: Int,
    listing list: @escaping (DumpRequest, (Connection) -> Void) throws(ScanProblem) -> Void
  ) {
    self.files = files
    self.threads = threads
    self.list = list
  }

  /// The caller with these processes among its supporters.
  ///
  /// - Throws: what kept it from finding out: there may be such a process.
  public func following(_ caller: Caller) throws(ScanProblem) -> Caller {
    var caller = caller
    // Ends of sessions as the process has them that is looked for.
    var wanted = Self.clientEnds(of: caller)
    if wanted.isEmpty {
      // A session of another kind than ssh: an ancestor holds its connection.
      wanted = try otherEnds(ofSocketsOf: caller.carriers, onlyAccepted: false)
    }
    for _ in 0..<Self.rounds where !wanted.isEmpty {
      let inodes = try self.inodes(of: wanted)
      guard !inodes.isEmpty else { break }
      let holders = try owners(of: InodeSet(inodes), among: .everyProcess).processes.map(\.pid)
      let found = caller.add(tunnels: holders, in: files)
      guard !found.isEmpty else { break }
      wanted = try otherEnds(ofSocketsOf: found, onlyAccepted: true)
        .union(Self.clientEnds(of: caller))
    }
    return caller
  }

  private static func clientEnds(of caller: Caller) -> Set<Ends> {
    Set(caller.sessions.map { Ends(local: $0.client, peer: $0.server) })
  }

  private func owners(
    of inodes: InodeSet, among pruning: ProcessPruning
  ) throws(ScanProblem) -> OwnerTable {
    do {
      return try files.findOwners(of: inodes, among: pruning, reading: [], threads: threads)
    } catch {
      throw .cannotReadProcesses(error)
    }
  }

  /// The inodes of the sockets with these ends.
  private func inodes(of wanted: Set<Ends>) throws(ScanProblem) -> [UInt32] {
    let ports = Set(wanted.map(\.ports))
    // The kernel leaves out the others where that is a short question.
    let condition = KernelCondition.either(
      of: ports.map {
        .all([.port(.local, $0.local...$0.local), .port(.peer, $0.peer...$0.peer)])
      })
    var inodes: [UInt32] = []
    try list(
      DumpRequest(
        families: .both, states: .connected, details: [],
        bytecode: ports.count <= 16 ? InetDiagBytecode(condition) : nil)
    ) { row in
      if row.inode != 0, wanted.contains(Ends(row.identity)) { inodes.append(row.inode) }
    }
    return inodes
  }

  /// The other ends of the connections that `pids` hold, where these may be on this machine.
  ///
  /// - Parameter onlyAccepted: only of connections to a port that somebody listens on.
  private func otherEnds(
    ofSocketsOf pids: Set<Int32>, onlyAccepted: Bool
  ) throws(ScanProblem) -> Set<Ends> {
    guard !pids.isEmpty else { return [] }
    let held = try owners(of: .everySocket, among: ProcessPruning(pids: pids))
    let inodes = InodeSet(held.holdings.lazy.map(\.inode))
    var listening: Set<UInt16> = []
    var ends: [UInt32: Set<Ends>] = [:]
    try list(
      DumpRequest(
        families: .both, states: TCPStateSet.connected.union(TCPState.listen.asSet), details: [])
    ) { row in
      if row.state == .listen {
        listening.insert(row.identity.localPort)
      } else if inodes.contains(row.inode), let owner = held.holdings(of: row.inode).first {
        ends[owner.process, default: []].insert(Ends(row.identity).reversed)
      }
    }
    var all: Set<Ends> = []
    for ends in ends.values {
      let followed = onlyAccepted ? ends.filter { listening.contains($0.ports.peer) } : ends
      if followed.count <= Self.mostClients { all.formUnion(followed) }
    }
    return all
  }
}

/// The two ends of a connection, without its family: one may be v4-mapped.
private struct Ends: Hashable {
  let local: UInt128
  let peer: UInt128
  let ports: Ports

  struct Ports: Hashable {
    let local: UInt16
    let peer: UInt16
  }

  init(local: Endpoint, peer: Endpoint) {
    self.local = local.address.bits
    self.peer = peer.address.bits
    ports = Ports(local: local.port, peer: peer.port)
  }

  init(_ identity: SocketIdentity) {
    local = identity.localBits
    peer = identity.peerBits
    ports = Ports(local: identity.localPort, peer: identity.peerPort)
  }

  private init(local: UInt128, peer: UInt128, ports: Ports) {
    (self.local, self.peer, self.ports) = (local, peer, ports)
  }

  /// The same connection, as its other end has it.
  var reversed: Ends {
    Ends(local: peer, peer: local, ports: Ports(local: ports.peer, peer: ports.local))
  }
}
