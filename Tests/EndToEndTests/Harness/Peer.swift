import FoundationEssentials
import Glibc

/// A process that makes sockets to order: `Fixtures/peer.py`.
///
/// It holds them in the test's place, because the tool spares what its own ancestors hold. It ends
/// when this value does, or the test process, since its input then ends.
final class Peer {
  /// Its process.
  let pid: Int32
  private let channel: Int32
  private var buffered: [UInt8] = []

  /// Starts one behind a prefix: `unshare --net`, or `nsenter` into a namespace that exists.
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

  /// Asks for something and gives the answer, a failed call's errno included.
  @discardableResult
  func ask(_ request: [String: JSONValue]) throws -> Answer {
    try post(JSONEncoder().encode(request) + [UInt8(ascii: "\n")])
    let line = try readLine()
    let answer = try JSONDecoder().decode(Answer.self, from: Data(line))
    if let fault = answer.fault { throw HarnessProblem.fault(fault) }
    return answer
  }

  /// Asks for something that has to succeed.
  @discardableResult
  func tell(_ request: [String: JSONValue]) throws -> Answer {
    let answer = try ask(request)
    if let errno = answer.errno { throw HarnessProblem.refused("\(request): \(errno)") }
    return answer
  }

  private func post(_ bytes: Data) throws {
    // A peer that is gone is an error of this test, not a SIGPIPE for all of them.
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
      var waiting = pollfd(fd: channel, events: Int16(POLLIN), revents: 0)
      let ready = Glibc.poll(&waiting, 1, 1000)
      guard ContinuousClock.now < deadline else {
        throw HarnessProblem.timedOut("an answer of a peer", seconds: seconds)
      }
      guard ready > 0 else { continue }
      var chunk = [UInt8](repeating: 0, count: 65_536)
      let count = read(channel, &chunk, chunk.count)
      guard count > 0 else { throw HarnessProblem.peerEnded }
      buffered += chunk[..<count]
    }
  }
}

/// What a peer answers; each request fills the fields that concern it.
struct Answer: Decodable {
  /// The process, of `hello` and `fork`.
  let pid: Int32?
  /// The descriptor.
  let fd: Int32?
  /// The inode of the socket.
  let inode: UInt32?
  /// `SO_COOKIE`, in hexadecimal.
  let cookie: String?
  /// The port of the socket's own end.
  let localPort: UInt16?
  /// The port of the other end.
  let peerPort: UInt16?
  /// Octets sent or received.
  let count: Int?
  /// What was received.
  let text: String?
  /// What keepalive is: on or off, its times, and the user timeout.
  let values: [Int]?
  /// The flags of each segment that was taken down.
  let flags: [String]?
  /// What `poll` reports.
  let events: [String]?
  /// The name of the errno, when the call failed.
  let errno: String?
  /// What was wrong with the request itself.
  let fault: String?
  /// The exit status of a command that the peer ran.
  let status: Int32?
  /// The standard output of a command that the peer ran.
  let output: String?
  /// The standard error of a command that the peer ran.
  let errors: String?

  private enum CodingKeys: String, CodingKey {
    case pid, fd, inode, cookie, count, text, values, flags, events, errno, fault, status, output,
      errors
    case localPort = "local_port"
    case peerPort = "peer_port"
  }
}
