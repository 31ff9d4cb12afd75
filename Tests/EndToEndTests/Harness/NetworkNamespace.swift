import Glibc
import Testing

/// A network namespace for one test, with its loopback device up and a peer in it.
///
/// It exists as long as its peers run.
final class NetworkNamespace {
  /// The first process in the namespace.
  let server: Peer
  /// The state directory for connreap, in place of the machine's own.
  let state: TemporaryDirectory

  /// Creates the namespace.
  init() throws {
    state = try TemporaryDirectory()
    server = try Peer(after: ["unshare", "--net", "--"])
    try server.tell(["do": "up"])
  }

  /// Starts another process in the namespace.
  func anotherPeer() throws -> Peer { try Peer(after: entering) }

  /// The command prefix that enters the namespace.
  var entering: [String] { ["nsenter", "--net=/proc/\(server.pid)/ns/net", "--"] }

  /// Runs connreap in the namespace until it exits.
  ///
  /// - Parameter prefix: a command that runs connreap, such as `strace`.
  func connreap(
    _ arguments: [String], behind prefix: [String] = [], input: String = "",
    environment: [String: String] = [:], seconds: Int = 30
  ) throws -> CommandResult {
    try Command.run(
      entering + prefix + [Tools.connreap] + arguments, input: input, environment: environment,
      seconds: seconds)
  }

  /// Runs connreap in the namespace until it exits.
  func connreap(_ arguments: String...) throws -> CommandResult { try connreap(arguments) }

  /// Runs `kill` without confirmation.
  func kill(
    _ arguments: [String], behind prefix: [String] = [], environment: [String: String] = [:]
  ) throws -> CommandResult {
    try connreap(
      ["kill", "--yes", "--state-dir", state.path] + arguments, behind: prefix,
      environment: environment)
  }

  /// Runs `kill` without confirmation.
  func kill(_ arguments: String...) throws -> CommandResult { try kill(arguments) }

  /// Applies a policy with this name that reports and records connections in CLOSE-WAIT.
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
    try #require(applied.status == 0, "\(applied.errorText)")
  }

  /// Starts connreap in the namespace.
  func start(_ arguments: [String]) throws -> Command {
    try Command(entering + [Tools.connreap] + arguments)
  }

  /// The connections that `list -o json` reports.
  func rows(_ arguments: [String] = []) throws -> [Row] {
    try Listing(connreap(["list", "-o", "json"] + arguments)).connections
  }

  /// The connections that `list -o json` reports.
  func rows(_ arguments: String...) throws -> [Row] { try rows(arguments) }

  /// The `list` row for a socket, or nil if there is none.
  func row(of socket: Socket, _ arguments: String...) throws -> Row? {
    try rows(arguments).first { $0.cookie == socket.cookie }
  }

  /// Starts a listener on a port, connects a client and accepts the connection.
  func pair(
    port: UInt16, address: String = "127.0.0.1", client: Peer? = nil, as name: String? = nil
  ) throws -> (listener: Socket, client: Socket, server: Socket) {
    let name = name ?? "\(port)"
    let listener = try server.listen("\(name)-listener", on: address, port: port)
    let ends = try pair(to: listener, address: address, client: client, as: name)
    return (listener, ends.client, ends.server)
  }

  /// Connects a client to an existing listener and accepts the connection.
  func pair(
    to listener: Socket, address: String = "127.0.0.1", client: Peer? = nil, as name: String
  ) throws -> (client: Socket, server: Socket) {
    let end = try (client ?? server).connect("\(name)-client", to: address, port: listener.port)
    return (end, try listener.peer.accept("\(name)-server", from: listener))
  }

  /// Makes connections in CLOSE-WAIT on the server: only the client shuts down its sending side.
  func closeWaits(_ count: Int, to listener: Socket) throws -> [(client: Socket, server: Socket)] {
    try (0..<count).map { number in
      let pair = try pair(to: listener, as: "\(listener.name)-\(number)")
      try pair.client.finish()
      return pair
    }
  }
}
