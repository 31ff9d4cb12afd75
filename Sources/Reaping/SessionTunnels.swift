public import Connections
import Glibc
public import ProcessTable
public import Scanning
public import SocketDiagnostics

/// Finds the local processes that the caller's sessions pass through, such as ssh, socat or HAProxy
/// in front of sshd.
///
/// Such a process holds the other end of a session's connection. The session also needs the
/// process's other connections, one of which leads to the user. A connection from another local
/// process is followed in the same way.
public struct SessionTunnels {
  private let files: ProcFileSystem
  private let threads: Int
  private let list: (DumpRequest, (Connection) -> Void) throws(ScanProblem) -> [NamespaceGap]

  /// The maximum number of processes, one behind another, through which a session is followed.
  private static let rounds = 4
  /// With more connections from local processes than this, a process is a service rather than a
  /// tunnel, and its clients are not followed.
  private static let mostClients = 64

  /// - Parameter list: lists the sockets of a request in all examined network namespaces.
  public init(
    in files: ProcFileSystem, threads: Int,
    listing list:
      @escaping (DumpRequest, (Connection) -> Void) throws(ScanProblem) -> [NamespaceGap]
  ) {
    self.files = files
    self.threads = threads
    self.list = list
  }

  /// The caller with these processes among its supporters.
  ///
  /// - Parameter memory: what earlier calls of the same run found. This call adds to it.
  /// - Throws: an error that leaves it unknown whether there is such a process.
  public func following(
    _ caller: Caller, remembering memory: TunnelMemory = TunnelMemory()
  ) throws(ScanProblem) -> Caller {
    var caller = caller
    // The ends of sessions as seen from the process to find.
    var wanted = Self.clientEnds(of: caller)
    if wanted.isEmpty {
      // Not an ssh session: an ancestor holds its connection.
      wanted = try otherEnds(ofSocketsOfCarriersOf: caller, remembering: memory)
    }
    var asked: Set<Ends> = []
    for _ in 0..<Self.rounds {
      wanted = wanted.subtracting(memory.absent).subtracting(asked)
      guard !wanted.isEmpty else { break }
      asked.formUnion(wanted)
      let found = try sockets(with: wanted)
      // An end that could not be listed may exist.
      if found.isComplete { memory.absent.formUnion(wanted.subtracting(found.ends)) }
      guard !found.inodes.isEmpty else { break }
      let holders = try owners(of: InodeSet(found.inodes), among: .everyProcess)
        .processes.map(\.pid)
      let tunnels = caller.add(tunnels: holders, in: files)
      guard !tunnels.isEmpty else { break }
      wanted = try otherEnds(ofAcceptedSocketsOf: tunnels).union(Self.clientEnds(of: caller))
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

  /// Listed sockets.
  private struct Found {
    /// Their ends, including connections that no process has accepted yet.
    var ends: Set<Ends> = []
    /// The inodes of those that have one.
    var inodes: [UInt32] = []
    /// Whether every namespace could be listed.
    var isComplete = true
  }

  /// The sockets with these ends.
  private func sockets(with wanted: Set<Ends>) throws(ScanProblem) -> Found {
    let ports = Set(wanted.map(\.ports))
    // With few ports, the kernel filters the sockets.
    let condition = KernelCondition.either(
      of: ports.map {
        .all([.port(.local, $0.local...$0.local), .port(.peer, $0.peer...$0.peer)])
      })
    var found = Found()
    let gaps = try list(
      DumpRequest(
        families: .both, states: .connected, details: [],
        bytecode: ports.count <= 16 ? InetDiagBytecode(condition) : nil)
    ) { row in
      let ends = Ends(row.identity)
      guard wanted.contains(ends) else { return }
      found.ends.insert(ends)
      if row.inode != 0 { found.inodes.append(row.inode) }
    }
    found.isComplete = gaps.isEmpty
    return found
  }

  /// The other ends of the connections that the carriers hold.
  private func otherEnds(
    ofSocketsOfCarriersOf caller: Caller, remembering memory: TunnelMemory
  ) throws(ScanProblem) -> Set<Ends> {
    guard !caller.carriers.isEmpty else { return [] }
    let held = try owners(of: .everySocket, among: ProcessPruning(pids: caller.carriers))
    // Apart from its standard streams, connreap's sockets are its own conversations with the kernel.
    let inodes = Set(
      held.holdings.lazy.filter {
        held.process(of: $0).pid != caller.process.pid || $0.descriptor <= STDERR_FILENO
      }.map(\.inode))
    guard !inodes.isSubset(of: memory.ends.keys) else {
      return followed(held) { memory.ends[$0] ?? nil }
    }
    let listed = try listEnds(ofSockets: inodes)
    if listed.isComplete {
      for inode in inodes { memory.ends[inode] = .some(listed.ends[inode]) }
    }
    return followed(held) { inodes.contains($0) ? listed.ends[$0] : nil }
  }

  /// The other ends of the connections that `pids` have accepted on a listening port.
  private func otherEnds(ofAcceptedSocketsOf pids: Set<Int32>) throws(ScanProblem) -> Set<Ends> {
    let held = try owners(of: .everySocket, among: ProcessPruning(pids: pids))
    let listed = try listEnds(ofSockets: Set(held.holdings.lazy.map(\.inode)))
    return followed(held) { inode in
      listed.ends[inode].flatMap { listed.listening.contains($0.ports.local) ? $0 : nil }
    }
  }

  /// The other ends of the sockets of each process, unless it has too many for a tunnel.
  private func followed(_ held: OwnerTable, with ends: (UInt32) -> Ends?) -> Set<Ends> {
    var others: [UInt32: Set<Ends>] = [:]
    for holding in held.holdings {
      if let ends = ends(holding.inode) {
        others[holding.process, default: []].insert(ends.reversed)
      }
    }
    return others.values.reduce(into: []) { all, ends in
      if ends.count <= Self.mostClients { all.formUnion(ends) }
    }
  }

  /// The ends of the connected sockets among `inodes`, and all listening ports.
  private func listEnds(
    ofSockets inodes: Set<UInt32>
  ) throws(ScanProblem) -> (ends: [UInt32: Ends], listening: Set<UInt16>, isComplete: Bool) {
    let wanted = InodeSet(inodes)
    var listening: Set<UInt16> = []
    var ends: [UInt32: Ends] = [:]
    let gaps = try list(
      DumpRequest(
        families: .both, states: TCPStateSet.connected.union(TCPState.listen.asSet), details: [])
    ) { row in
      if row.state == .listen {
        listening.insert(row.identity.localPort)
      } else if wanted.contains(row.inode) {
        ends[row.inode] = Ends(row.identity)
      }
    }
    return (ends, listening, gaps.isEmpty)
  }
}

/// The two ends of a connection, without its family: either may be v4-mapped.
struct Ends: Hashable {
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

  /// The same connection, seen from its other end.
  var reversed: Ends {
    Ends(local: peer, peer: local, ports: Ports(local: ports.peer, peer: ports.local))
  }
}
