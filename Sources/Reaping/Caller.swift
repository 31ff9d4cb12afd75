public import Connections
public import ProcessTable

/// Who runs connreap: the processes and connections that must survive a run.
public struct Caller: Equatable, Sendable {
  /// connreap's own process.
  public let process: ProcessIdentity
  /// All its ancestors, such as the shell, sudo, tmux or cron.
  public let ancestors: [ProcessIdentity]
  /// The sessions that `SSH_CONNECTION` names in this process or in an ancestor.
  ///
  /// sudo removes the variable, and the shells of tmux do not descend from sshd.
  public private(set) var sessions: [Session]
  /// The processes, besides the ancestors, that a session needs.
  public private(set) var supporters: [Int32: Support]
  /// The processes above a terminal of the caller. They may hold the connection of a session that
  /// no `SSH_CONNECTION` names.
  public private(set) var carriers: Set<Int32>

  /// What a process does for a session of the caller.
  public enum Support: Equatable, Sendable {
    /// It is above a terminal that an ancestor holds open.
    case terminal
    /// The session's connection passes through it.
    case tunnel
  }

  /// The two ends of an ssh session.
  public struct Session: Equatable, Sendable {
    /// The client's end: the peer on this machine.
    public let client: Endpoint
    /// The server's end: local on this machine.
    public let server: Endpoint

    /// The session between these ends.
    public init(client: Endpoint, server: Endpoint) {
      self.client = client
      self.server = server
    }

    /// The session that `SSH_CONNECTION` names: `client-ip client-port server-ip server-port`.
    ///
    /// Nil for any other text. A scope (`%eth0`) is ignored.
    public init?(sshConnection text: String) {
      let words = text.split(separator: " ")
      guard words.count == 4, let client = Self.endpoint(words[0], words[1]),
        let server = Self.endpoint(words[2], words[3])
      else { return nil }
      self.init(client: client, server: server)
    }

    private static func endpoint(_ address: Substring, _ port: Substring) -> Endpoint? {
      let unscoped = address.split(separator: "%").first ?? address
      guard let address = IPAddress(text: unscoped), let port = UInt16(port) else { return nil }
      return Endpoint(address: address, port: port)
    }

    /// Whether `connection` is either end of the session.
    func isEnd(of connection: Connection) -> Bool {
      func same(_ bits: UInt128, _ port: UInt16, _ end: Endpoint) -> Bool {
        bits == end.address.bits && port == end.port
      }
      let identity = connection.identity
      return same(identity.localBits, identity.localPort, server)
        && same(identity.peerBits, identity.peerPort, client)
        || same(identity.localBits, identity.localPort, client)
          && same(identity.peerBits, identity.peerPort, server)
    }
  }

  /// A caller with these processes and sessions.
  public init(
    process: ProcessIdentity, ancestors: [ProcessIdentity], sessions: [Session] = [],
    supporters: [Int32: Support] = [:], carriers: Set<Int32> = []
  ) {
    self.process = process
    self.ancestors = ancestors
    self.sessions = sessions
    self.supporters = supporters
    self.carriers = carriers
  }

  /// Who runs the process `pid`.
  ///
  /// `SSH_CONNECTION` is also read from the ancestors, and from every process on a terminal that an
  /// ancestor holds open. Processes that cannot be read are skipped.
  ///
  /// - Parameter sshConnection: `SSH_CONNECTION` of the process itself.
  public init(
    pid: Int32, sshConnection: String?, in processes: ProcFileSystem
  ) throws(ProcessProblem) {
    let ancestors = try processes.ancestors(of: pid)
    self.init(
      process: ProcessIdentity(pid: pid, startTicks: try processes.startTicks(of: pid)),
      ancestors: ancestors)
    let own = [pid] + ancestors.map(\.pid)
    var search = CallerSessions(besides: Set(own), sshConnection: sshConnection, in: processes)
    search.follow(own, as: .terminal)
    take(search)
    carriers = Set(search.carriers(among: own + Array(supporters.keys)))
  }

  /// Adds processes that hold the other end of a session, and the processes that run them, to the
  /// supporters.
  ///
  /// - Returns: the members of `pids` that are new.
  mutating func add(tunnels pids: [Int32], in processes: ProcFileSystem) -> Set<Int32> {
    let known = Set([process.pid] + ancestors.map(\.pid) + Array(supporters.keys))
    var search = CallerSessions(besides: known, in: processes)
    let new = pids.filter { search.add($0, as: .tunnel) }
    search.follow(new, as: .tunnel)
    take(search)
    return Set(new)
  }

  private mutating func take(_ search: CallerSessions) {
    supporters.merge(search.supporters) { first, _ in first }
    for session in search.texts.compactMap({ Session(sshConnection: $0) })
    where !sessions.contains(session) {
      sessions.append(session)
    }
  }
}
