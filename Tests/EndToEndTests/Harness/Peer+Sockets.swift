/// One end of a connection that a peer holds, by the name the test gave it.
struct Socket {
  /// Who holds it.
  let peer: Peer
  /// The name.
  let name: String
  /// The process that made it.
  var pid: Int32 { peer.pid }
  /// The descriptor in that process.
  let fd: Int32
  /// Its inode.
  let inode: UInt32
  /// Its cookie, in hexadecimal.
  let cookie: String
  /// The port of its own end.
  let port: UInt16

  fileprivate init(_ peer: Peer, _ name: String, _ answer: Answer) throws {
    guard let fd = answer.fd, let inode = answer.inode, let cookie = answer.cookie,
      let port = answer.localPort
    else { throw HarnessProblem.fault("no socket in the answer for \(name)") }
    (self.peer, self.name) = (peer, name)
    (self.fd, self.inode, self.cookie, self.port) = (fd, inode, cookie, port)
  }

  /// Sends a text; the errno's name when that fails, nil when it worked.
  func send(_ text: String) throws -> String? {
    try peer.ask(["do": "send", "on": .string(name), "text": .string(text)]).errno
  }

  /// Sends until the kernel takes no more.
  func fill() throws { try peer.tell(["do": "fill", "on": .string(name)]) }

  /// What one `recv` gives: text, `""` at the end of the stream, or the errno's name.
  func receive() throws -> Received {
    let answer = try peer.ask(["do": "receive", "on": .string(name), "timeout": 5])
    return answer.errno.map(Received.failed) ?? .text(answer.text ?? "")
  }

  /// Whether a text that is sent here arrives there.
  func reaches(_ other: Socket) throws -> Bool {
    try send("ping") == nil && other.receive() == .text("ping")
  }

  /// Ends the sending direction.
  func finish() throws { try peer.tell(["do": "shutdown", "on": .string(name), "how": "write"]) }

  /// What keepalive of it is: on or off, the three times, and the user timeout.
  func keepalive() throws -> [Int] {
    try peer.tell(["do": "keepalive", "on": .string(name)]).values ?? []
  }

  /// The flags of the segments that it has sent since the last time; its peer watches the wire.
  func sent() throws -> [String] {
    try peer.tell(["do": "sniffed", "port": .number(Int(port))]).flags ?? []
  }

  /// Closes the descriptor.
  func close() throws { try peer.tell(["do": "close", "on": .string(name)]) }

  /// Closes the descriptor with RST, so that the ports are free at once.
  func reset() throws { try peer.tell(["do": "reset", "on": .string(name)]) }

  /// Lets the program react, in an event loop, to an error on it: `close` it, or `spin`.
  func react(_ how: String) throws {
    try peer.tell(["do": "react", "on": .string(name), "how": .string(how)])
  }

  /// The events of `poll`, without waiting.
  func events() throws -> [String] {
    try peer.tell(["do": "poll", "on": .string(name)]).events ?? []
  }

  /// Whether the descriptor is still open and still this socket.
  func isOpen() throws -> Bool {
    let answer = try peer.ask(["do": "describe", "on": .string(name)])
    return answer.fd == fd && answer.inode == inode
  }
}

/// What came of a `recv`.
enum Received: Equatable {
  /// Octets; none at the end of the stream.
  case text(String)
  /// The name of the errno.
  case failed(String)

  /// The end of the stream.
  static let end = Received.text("")
}

extension Peer {
  /// A listener; `::` with `mapped` also takes IPv4.
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

  /// A socket that is bound to a port, and nothing more.
  func bind(_ name: String, on address: String = "127.0.0.1", port: UInt16) throws -> Socket {
    let answer = try tell([
      "do": "bind", "as": .string(name), "address": .string(address),
      "port": .number(Int(port)), "family": .string(address.contains(":") ? "ipv6" : "ipv4"),
    ])
    return try Socket(self, name, answer)
  }

  /// A connection, once the handshake is done, or at once without `waiting`.
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

  /// So many connections of IPv4 and IPv6 in each state, as `ss` names it, and a listener of both.
  ///
  /// Nothing moves any more: the other machine is one that does not answer. It gives up after a
  /// minute.
  func hold(states: [String: (Int, Int)]) throws {
    let counts = states.mapValues { JSONValue.list([.number($0.0), .number($0.1)]) }
    try tell(["do": "states", "counts": .object(counts)])
  }

  /// Both ends of an MPTCP connection, by name.
  func mptcpPair(port: UInt16, as name: String) throws -> (client: Socket, server: Socket) {
    try tell(["do": "mptcp-pair", "as": .string(name), "port": .number(Int(port))])
    func end(_ which: String) throws -> Socket {
      let answer = try tell(["do": "describe", "on": .string("\(name)-\(which)")])
      return try Socket(self, "\(name)-\(which)", answer)
    }
    return (try end("client"), try end("server"))
  }

  /// Takes down from now on what goes over loopback.
  func watchTheWire() throws { try tell(["do": "sniff"]) }

  /// The next connection of a listener of this peer.
  func accept(_ name: String, from listener: Socket) throws -> Socket {
    let answer = try tell(["do": "accept", "as": .string(name), "on": .string(listener.name)])
    return try Socket(self, name, answer)
  }

  /// Connects this many times to a listener of this peer and accepts each.
  func connectPairs(_ count: Int, as name: String, to listener: Socket) throws {
    try tell([
      "do": "pairs", "as": .string(name), "on": .string(listener.name), "count": .number(count),
    ])
  }

  /// Closes sockets by their names one after the other, spread over a time.
  func closeEach(_ names: [String], within seconds: Int) throws {
    try tell([
      "do": "close-many", "on": .list(names.map { .string($0) }), "seconds": .number(seconds),
    ])
  }

  /// Closes every socket whose name starts so.
  func drop(_ prefix: String) throws { try tell(["do": "drop", "prefix": .string(prefix)]) }

  /// Takes another process name: at most 15 octets, any but NUL.
  func rename(_ name: [UInt8]) throws {
    let digits = Array("0123456789abcdef")
    let hex = String(name.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    try tell(["do": "rename", "hex": .string(hex)])
  }

  /// Takes another process name.
  func rename(_ name: String) throws { try rename(Array(name.utf8)) }

  /// Takes another user, for good.
  ///
  /// - Parameter isReadable: whether that user may read what `/proc` shows of it.
  func become(user: UInt32, isReadable: Bool = false) throws {
    try tell(["do": "become", "user": .number(Int(user)), "readable": .flag(isReadable)])
  }

  /// Forks a child that shares these sockets, as pid 1 of a pid namespace of its own.
  ///
  /// Its later children are in that namespace too.
  ///
  /// - Returns: its pid, of the namespace of the tests.
  func forkContainer(sharing sockets: [Socket], named name: String) throws -> Int32? {
    try tell([
      "do": "fork", "keep": .list(sockets.map { .string($0.name) }), "name": .string(name),
      "container": .flag(true),
    ]).pid
  }

  /// Forks a child that shares these sockets.
  ///
  /// - Returns: its pid.
  func fork(sharing sockets: [Socket]) throws -> Int32? {
    try tell(["do": "fork", "keep": .list(sockets.map { .string($0.name) })]).pid
  }

  /// Forks a child in which only threads with descriptor tables of their own hold these sockets.
  ///
  /// - Parameters:
  ///   - name: its process name.
  ///   - areTogether: whether all the threads share one table, apart from the leader's.
  ///   - descriptors: how many more descriptors such a table has.
  /// - Returns: its pid.
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

  /// Takes the loopback device down, so that nothing on it is answered any more.
  func cutLoopback() throws { try tell(["do": "down"]) }

  /// Runs a command as its own child.
  func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Ended {
    let answer = try tell([
      "do": "run", "arguments": .list(arguments.map { .string($0) }),
      "environment": .object(environment.mapValues { .string($0) }),
    ])
    guard let status = answer.status, let output = answer.output, let errors = answer.errors
    else { throw HarnessProblem.fault("no status") }
    return Ended(status: status, output: Array(output.utf8), errors: Array(errors.utf8))
  }
}
