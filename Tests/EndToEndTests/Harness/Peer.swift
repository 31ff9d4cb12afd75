import FoundationEssentials
import Glibc

/// A process that opens sockets on request: `Fixtures/peer.py`.
///
/// The test process cannot hold the sockets itself: connreap spares connections that its own
/// ancestors hold. The peer exits on EOF, when `deinit` runs or the test process exits.
final class Peer {
  /// The process ID.
  let pid: Int32
  private let channel: Int32
  private var buffered: [UInt8] = []

  /// Starts a peer with a command prefix: `unshare --net`, or `nsenter` into a namespace.
  init(after prefix: [String]) throws {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw HarnessProblem.systemCall("socketpair", errno)
    }
    defer { close(ends[1]) }
    channel = ends[0]
    pid = try Spawn.start(
      prefix + [Tools.python, Tools.peer], input: ends[1], output: ends[1],
      errors: STDERR_FILENO)
    let answer = try ask(["do": "hello"])
    precondition(answer.pid == pid, "the prefix must not fork")
  }

  deinit {
    close(channel)
    for _ in 0..<1000 {
      if waitpid(pid, nil, WNOHANG) != 0 { return }
      pause(for: .milliseconds(2))
    }
    kill(pid, SIGKILL)
    waitpid(pid, nil, 0)
  }

  /// Sends a request and returns the answer, which may contain an errno.
  @discardableResult
  func ask(_ request: [String: JSONValue]) throws -> Answer {
    try post(JSONEncoder().encode(request) + [UInt8(ascii: "\n")])
    let line = try readLine()
    let answer = try JSONDecoder().decode(Answer.self, from: Data(line))
    if let fault = answer.fault { throw HarnessProblem.fault(fault) }
    return answer
  }

  /// Sends a request that must succeed.
  @discardableResult
  func tell(_ request: [String: JSONValue]) throws -> Answer {
    let answer = try ask(request)
    if let errno = answer.errno { throw HarnessProblem.refused("\(request): \(errno)") }
    return answer
  }

  private func post(_ bytes: Data) throws {
    // A peer that exited must fail this test only: SIGPIPE would end the whole test process.
    let sent = Array(bytes).withUnsafeBytes {
      Glibc.send(channel, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
    guard sent == bytes.count else { throw HarnessProblem.peerEnded }
  }

  private func readLine() throws -> [UInt8] {
    let seconds = 30
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
      if let end = buffered.firstIndex(of: UInt8(ascii: "\n")) {
        defer { buffered.removeSubrange(...end) }
        return Array(buffered[..<end])
      }
      var pollDescriptor = pollfd(fd: channel, events: Int16(POLLIN), revents: 0)
      let ready = Glibc.poll(&pollDescriptor, 1, 1000)
      guard ContinuousClock.now < deadline else {
        throw HarnessProblem.timedOut("an answer from a peer", seconds: seconds)
      }
      guard ready > 0 else { continue }
      var chunk = [UInt8](repeating: 0, count: 65_536)
      let count = read(channel, &chunk, chunk.count)
      guard count > 0 else { throw HarnessProblem.peerEnded }
      buffered += chunk[..<count]
    }
  }
}

/// A peer's answer. Each request fills in only the fields that apply.
struct Answer: Decodable {
  /// The process ID, for `hello` and `fork`.
  let pid: Int32?
  /// The file descriptor.
  let fd: Int32?
  /// The inode of the socket.
  let inode: UInt32?
  /// `SO_COOKIE`, in hexadecimal.
  let cookie: String?
  /// The local port.
  let localPort: UInt16?
  /// The peer's port.
  let peerPort: UInt16?
  /// The number of bytes sent or received.
  let count: Int?
  /// The text received.
  let text: String?
  /// The keepalive settings: `SO_KEEPALIVE`, idle time, interval, count and user timeout.
  let values: [Int]?
  /// The TCP flags of each captured segment.
  let flags: [String]?
  /// The events that `poll` reports.
  let events: [String]?
  /// The errno name if the call failed.
  let errno: String?
  /// The error in the request itself.
  let fault: String?
  /// The exit status of a command run by the peer.
  let status: Int32?
  /// The standard output of a command run by the peer.
  let output: String?
  /// The standard error of a command run by the peer.
  let errors: String?

  private enum CodingKeys: String, CodingKey {
    case pid, fd, inode, cookie, count, text, values, flags, events, errno, fault, status, output,
      errors
    case localPort = "local_port"
    case peerPort = "peer_port"
  }
}
