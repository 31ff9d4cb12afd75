/// A socket that a peer holds, by the name that the test gave it.
struct Socket {
  /// The peer that opened it.
  let peer: Peer
  /// Its name.
  let name: String
  /// The ID of the process that opened it.
  var pid: Int32 { peer.pid }
  /// Its descriptor in that process.
  let fd: Int32
  /// Its inode.
  let inode: UInt32
  /// Its cookie, in hexadecimal.
  let cookie: String
  /// The local port.
  let port: UInt16

  fileprivate init(_ peer: Peer, _ name: String, _ answer: Answer) throws {
    guard let fd = answer.fd, let inode = answer.inode, let cookie = answer.cookie,
      let port = answer.localPort
    else { throw HarnessProblem.fault("no socket in the answer for \(name)") }
    (self.peer, self.name) = (peer, name)
    (self.fd, self.inode, self.cookie, self.port) = (fd, inode, cookie, port)
  }

  /// Sends a text. Returns the errno name on failure.
  func send(_ text: String) throws -> String? {
    try peer.ask(["do": "send", "on": .string(name), "text": .string(text)]).errno
  }

  /// Sends until the send buffer is full.
  func fill() throws { try peer.tell(["do": "fill", "on": .string(name)]) }

  /// Receives once, for at most 5 seconds.
  func receive() throws -> Received {
    let answer = try peer.ask(["do": "receive", "on": .string(name), "timeout": 5])
    return answer.errno.map(Received.failed) ?? .text(answer.text ?? "")
  }

  /// Whether a text sent on this socket arrives at `other`.
  func reaches(_ other: Socket) throws -> Bool {
    try send("ping") == nil && other.receive() == .text("ping")
  }

  /// Shuts down the sending side.
  func finish() throws { try peer.tell(["do": "shutdown", "on": .string(name), "how": "write"]) }

  /// The keepalive settings: `SO_KEEPALIVE`, idle time, interval, count and user timeout.
  func keepalive() throws -> [Int] {
    try peer.tell(["do": "keepalive", "on": .string(name)]).values ?? []
  }

  /// The TCP flags of the segments sent since the last call. Needs ``Peer/startCapture()``.
  func sent() throws -> [String] {
    try peer.tell(["do": "sniffed", "port": .number(Int(port))]).flags ?? []
  }

  /// Closes the descriptor.
  func close() throws { try peer.tell(["do": "close", "on": .string(name)]) }

  /// Closes the descriptor with an RST, which frees the ports at once.
  func reset() throws { try peer.tell(["do": "reset", "on": .string(name)]) }

  /// Starts an event loop that reacts to an error on the socket: `close` or `spin`.
  func react(_ how: String) throws {
    try peer.tell(["do": "react", "on": .string(name), "how": .string(how)])
  }

  /// The current events of `poll`.
  func events() throws -> [String] {
    try peer.tell(["do": "poll", "on": .string(name)]).events ?? []
  }

  /// Whether the descriptor still refers to this socket.
  func isOpen() throws -> Bool {
    let answer = try peer.ask(["do": "describe", "on": .string(name)])
    return answer.fd == fd && answer.inode == inode
  }
}

/// The result of a `recv`.
enum Received: Equatable {
  /// The text received. It is empty at EOF.
  case text(String)
  /// The errno name.
  case failed(String)

  /// EOF.
  static let end = Received.text("")
}

extension Peer {
  /// Opens a listener. On `::` with `mapped`, it also accepts IPv4.
  func listen(
    _ name: String, on address: String = "127.0.0.1", port: UInt16, backlog: Int = 128,
    mapped: Bool = false, _ extra: [String: JSONValue] = [:]
  ) throws -> Socket {
    let request: [String: JSONValue] = [
      "do": "listen", "as": .string(name), "address": .string(address),
      "port": .number(Int(port)), "family": .string(address.contains(":") ? "ipv6" : "ipv4"),
      "backlog": .number(backlog), "v6only": .flag(!mapped),
    ]
    return try Socket(self, name, tell(request.merging(extra) { $1 }))
  }

  /// Opens a socket that is only bound to a port.
  func bind(_ name: String, on address: String = "127.0.0.1", port: UInt16) throws -> Socket {
    let answer = try tell([
      "do": "bind", "as": .string(name), "address": .string(address),
      "port": .number(Int(port)), "family": .string(address.contains(":") ? "ipv6" : "ipv4"),
    ])
    return try Socket(self, name, answer)
  }

  /// Connects, and by default waits for the handshake.
  func connect(
    _ name: String, to address: String = "127.0.0.1", port: UInt16, waiting: Bool = true,
    _ extra: [String: JSONValue] = [:]
  ) throws -> Socket {
    let request: [String: JSONValue] = [
      "do": "connect", "as": .string(name), "address": .string(address),
      "port": .number(Int(port)), "family": .string(address.contains(":") ? "ipv6" : "ipv4"),
      "wait": .flag(waiting),
    ]
    return try Socket(self, name, tell(request.merging(extra) { $1 }))
  }

  /// Holds connections in each state, and one listener per address family.
  ///
  /// The far end does not answer, so the states do not change. The kernel gives up after a minute.
  ///
  /// - Parameter states: the number of IPv4 and IPv6 connections by state, named as in `ss`.
  func hold(states: [String: (Int, Int)]) throws {
    let counts = states.mapValues { JSONValue.list([.number($0.0), .number($0.1)]) }
    try tell(["do": "states", "counts": .object(counts)])
  }

  /// Opens an MPTCP connection.
  func mptcpPair(port: UInt16, as name: String) throws -> (client: Socket, server: Socket) {
    try tell(["do": "mptcp-pair", "as": .string(name), "port": .number(Int(port))])
    func end(_ which: String) throws -> Socket {
      let answer = try tell(["do": "describe", "on": .string("\(name)-\(which)")])
      return try Socket(self, "\(name)-\(which)", answer)
    }
    return (try end("client"), try end("server"))
  }

  /// Starts capturing the segments on loopback.
  func startCapture() throws { try tell(["do": "sniff"]) }

  /// Accepts the next connection of this peer's listener.
  func accept(_ name: String, from listener: Socket) throws -> Socket {
    let answer = try tell(["do": "accept", "as": .string(name), "on": .string(listener.name)])
    return try Socket(self, name, answer)
  }

  /// Opens and accepts `count` connections to this peer's listener.
  func connectPairs(_ count: Int, as name: String, to listener: Socket) throws {
    try tell([
      "do": "pairs", "as": .string(name), "on": .string(listener.name), "count": .number(count),
    ])
  }

  /// Closes the named sockets one by one, evenly spread over `seconds`.
  func closeEach(_ names: [String], within seconds: Int) throws {
    try tell([
      "do": "close-many", "on": .list(names.map { .string($0) }), "seconds": .number(seconds),
    ])
  }

  /// Closes every socket whose name starts with `prefix`.
  func drop(_ prefix: String) throws { try tell(["do": "drop", "prefix": .string(prefix)]) }

  /// Changes the process name: at most 15 bytes, none of them NUL.
  func rename(_ name: [UInt8]) throws {
    let digits = Array("0123456789abcdef")
    let hex = String(name.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    try tell(["do": "rename", "hex": .string(hex)])
  }

  /// Changes the process name.
  func rename(_ name: String) throws { try rename(Array(name.utf8)) }

  /// Switches permanently to another user.
  ///
  /// - Parameter isReadable: whether that user may read the process in `/proc`.
  func become(user: UInt32, isReadable: Bool = false) throws {
    try tell(["do": "become", "user": .number(Int(user)), "readable": .flag(isReadable)])
  }

  /// Forks a child that shares these sockets, as PID 1 of a new PID namespace.
  ///
  /// Children that the peer forks later are in that namespace too.
  ///
  /// - Returns: its PID in the tests' namespace.
  func forkContainer(sharing sockets: [Socket], named name: String) throws -> Int32? {
    try tell([
      "do": "fork", "keep": .list(sockets.map { .string($0.name) }), "name": .string(name),
      "container": .flag(true),
    ]).pid
  }

  /// Forks a child that shares these sockets.
  ///
  /// - Returns: its PID.
  func fork(sharing sockets: [Socket]) throws -> Int32? {
    try tell(["do": "fork", "keep": .list(sockets.map { .string($0.name) })]).pid
  }

  /// Forks a child that holds these sockets only in threads with separate descriptor tables.
  ///
  /// - Parameters:
  ///   - name: its process name.
  ///   - areTogether: whether the threads share one table, separate from the leader's.
  ///   - descriptors: the number of additional descriptors in each table.
  /// - Returns: its PID.
  func fork(
    sharing sockets: [Socket], named name: String, threads: Int, areTogether: Bool = false,
    descriptors: Int = 0
  ) throws -> Int32? {
    try tell([
      "do": "fork", "keep": .list(sockets.map { .string($0.name) }), "name": .string(name),
      "threads": .number(threads), "together": .flag(areTogether),
      "descriptors": .number(descriptors),
    ]).pid
  }

  /// Takes the loopback device down, so that no segment on it is answered.
  func cutLoopback() throws { try tell(["do": "down"]) }

  /// Runs a command as a child of the peer.
  func run(_ arguments: [String], environment: [String: String] = [:]) throws -> CommandResult {
    let answer = try tell([
      "do": "run", "arguments": .list(arguments.map { .string($0) }),
      "environment": .object(environment.mapValues { .string($0) }),
    ])
    guard let status = answer.status, let output = answer.output, let errors = answer.errors
    else { throw HarnessProblem.fault("no exit status in the answer") }
    return CommandResult(status: status, output: Array(output.utf8), errors: Array(errors.utf8))
  }
}
