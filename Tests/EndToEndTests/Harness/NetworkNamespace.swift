import Glibc
import Testing

/// A network namespace of a test's own, with its loopback device up and a peer in it.
///
/// It lives as long as its peers do.
final class NetworkNamespace {
  /// The process whose namespace it is, and the first to make sockets in it.
  let server: Peer
  /// Where the tool keeps what it remembers, in place of the machine's own folder.
  let state: TemporaryFolder

  /// Makes the namespace.
  init() throws {
    state = try TemporaryFolder()
    server = try Peer(after: ["unshare", "--net", "--"])
    try server.tell(["do": "up"])
  }

  /// One more process in the namespace.
  func anotherPeer() throws -> Peer { try Peer(after: entering) }

  /// The words that put a command into the namespace.
  var entering: [String] { ["nsenter", "--net=/proc/\(server.pid)/ns/net", "--"] }

  /// Runs the tool in the namespace, to its end.
  ///
  /// - Parameter prefix: a command to run it with, such as `strace`.
  func connreap(
    _ arguments: [String], behind prefix: [String] = [], input: String = "",
    environment: [String: String] = [:], seconds: Int = 30
  ) throws -> Ended {
    try Command.run(
      entering + prefix + [Tools.connreap] + arguments, input: input, environment: environment,
      seconds: seconds)
  }

  /// Runs the tool in the namespace, to its end.
  func connreap(_ arguments: String...) throws -> Ended { try connreap(arguments) }

  /// Runs `kill`, without a question.
  func kill(
    _ arguments: [String], behind prefix: [String] = [], environment: [String: String] = [:]
  ) throws -> Ended {
    try connreap(
      ["kill", "--yes", "--state-dir", state.path] + arguments, behind: prefix,
      environment: environment)
  }

  /// Runs `kill`, without a question.
  func kill(_ arguments: String...) throws -> Ended { try kill(arguments) }

  /// Lets a policy of this name report what is in CLOSE_WAIT, and remember that.
  func flagCloseWaits(as policy: String) throws {
    let file = try state.write(
      "\(policy).yaml",
      """
      version: 1
      policies:
        - name: \(policy)
          match: {state: close-wait}
          action: report
      """)
    let applied = try connreap("policy", "apply", "--state-dir", state.path, file)
    try #require(applied.status == 0, "\(applied.complaints)")
  }

  /// Starts the tool in the namespace.
  func start(_ arguments: [String]) throws -> Command {
    try Command(entering + [Tools.connreap] + arguments)
  }

  /// The rows that `list -o json` gives.
  func rows(_ arguments: [String] = []) throws -> [Row] {
    try Listing(connreap(["list", "-o", "json"] + arguments)).connections
  }

  /// The rows that `list -o json` gives.
  func rows(_ arguments: String...) throws -> [Row] { try rows(arguments) }

  /// The row of one socket.
  func row(of socket: Socket, _ arguments: String...) throws -> Row? {
    try rows(arguments).first { $0.cookie == socket.cookie }
  }

  /// Connects a client to a listener on a port, and accepts.
  func pair(
    port: UInt16, address: String = "127.0.0.1", client: Peer? = nil, as name: String? = nil
  ) throws -> (listener: Socket, client: Socket, server: Socket) {
    let name = name ?? "\(port)"
    let listener = try server.listen("\(name)-listener", on: address, port: port)
    let (near, far) = try pair(to: listener, address: address, client: client, as: name)
    return (listener, near, far)
  }

  /// Connects a client to a listener that there is, and accepts.
  func pair(
    to listener: Socket, address: String = "127.0.0.1", client: Peer? = nil, as name: String
  ) throws -> (client: Socket, server: Socket) {
    let near = try (client ?? server).connect("\(name)-client", to: address, port: listener.port)
    return (near, try listener.peer.accept("\(name)-server", from: listener))
  }

  /// Connections in CLOSE_WAIT at the server's end: the client has finished, the server not.
  func closeWaits(_ count: Int, to listener: Socket) throws -> [(client: Socket, server: Socket)] {
    try (0..<count).map { number in
      let pair = try pair(to: listener, as: "\(listener.name)-\(number)")
      try pair.client.finish()
      return pair
    }
  }
}
