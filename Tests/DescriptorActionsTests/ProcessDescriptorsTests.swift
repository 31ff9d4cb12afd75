import Connections
import Glibc
import ProcessTable
import SystemPackage
import Testing

@testable import DescriptorActions

/// Processes can always duplicate their own descriptors, so these tests need no privileges.
@Suite struct ProcessDescriptorsTests {
  private let actions = ProcessDescriptors()

  private static let own = ProcessIdentity(
    pid: getpid(), startTicks: try? ProcFileSystem().startTicks(of: getpid()))

  private func descriptor(
    _ number: Int32, of process: ProcessIdentity = own
  ) -> SocketDescriptor {
    SocketDescriptor(process: process, number: number)
  }

  private func perform(
    _ action: DescriptorAction, on identity: SocketIdentity, isMPTCPSubflow: Bool = false,
    through descriptor: SocketDescriptor
  ) throws(DescriptorProblem) -> DescriptorEffect {
    try actions.perform(
      action, on: identity, isMPTCPSubflow: isMPTCPSubflow, through: descriptor)
  }

  @Test func shutdownEndsBothDirectionsAndKeepsTheDescriptor() throws {
    let pair = TCPPair()
    #expect(try perform(.shutdown, on: pair.identity(), through: descriptor(pair.near)) == .done)
    #expect(TCPPair.receive(pair.near) == 0)
    #expect(TCPPair.receive(pair.far) == 0, "the peer gets the end of the stream")
    #expect(send(pair.near, "x", 1, Int32(MSG_NOSIGNAL)) == -1 && errno == EPIPE)
    #expect(fcntl(pair.near, F_GETFD) >= 0)
  }

  @Test func abortResetsThePeer() throws {
    let pair = TCPPair()
    #expect(try perform(.abort, on: pair.identity(), through: descriptor(pair.near)) == .done)
    #expect(TCPPair.receive(pair.far) == -ECONNRESET)
    #expect(TCPPair.receive(pair.near) == -ECONNRESET)
    #expect(TCPPair.receive(pair.near) == -ENOTCONN)
    #expect(fcntl(pair.near, F_GETFD) >= 0)
  }

  @Test func keepaliveReportsOldAndNewSettings() throws {
    let pair = TCPPair()
    let settings = try #require(
      KeepaliveSettings(idle: 30, interval: 5, count: 3, userTimeout: 45_000))
    let effect = try perform(
      .keepalive(settings), on: pair.identity(), through: descriptor(pair.near))
    guard case .armed(let change) = effect else {
      Issue.record("\(effect)")
      return
    }
    #expect(change.old.isOn == false)
    #expect(change.old.description == "off")
    #expect(
      change.new
        == KeepaliveState(isOn: true, idle: 30, interval: 5, count: 3, userTimeout: 45_000))
    #expect(change.new.patience == 45)
    #expect(change.new.description == "30s + 3 × 5s, user timeout 45000ms")
    #expect(TCPPair.option(SOL_SOCKET, SO_KEEPALIVE, of: pair.near) == 1)
    #expect(TCPPair.option(Int32(IPPROTO_TCP), TCP_KEEPIDLE, of: pair.near) == 30)
    #expect(TCPPair.receive(pair.far) == -EAGAIN, "nothing is closed")
    #expect(TCPPair.receive(pair.near) == -EAGAIN)
  }

  @Test func userTimeoutIsUnchangedUnlessSpecified() throws {
    let pair = TCPPair()
    var timeout: Int32 = 7000
    #expect(setsockopt(pair.near, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &timeout, 4) == 0)
    let effect = try perform(
      .keepalive(.standard), on: pair.identity(), through: descriptor(pair.near))
    guard case .armed(let change) = effect else {
      Issue.record("\(effect)")
      return
    }
    #expect(change.new.userTimeout == 7000)
    #expect(change.new.patience == 120)
  }

  @Test(arguments: [DescriptorAction.shutdown, .abort, .keepalive(.standard)])
  func anotherSocketIsNotTouched(action: DescriptorAction) throws {
    let (meant, found) = (TCPPair(), TCPPair())
    #expect(throws: DescriptorProblem.otherSocket(descriptor(found.near))) {
      try perform(action, on: meant.identity(), through: descriptor(found.near))
    }
    #expect(TCPPair.receive(found.near) == -EAGAIN)
    #expect(TCPPair.receive(found.far) == -EAGAIN)
    #expect(TCPPair.option(SOL_SOCKET, SO_KEEPALIVE, of: found.near) == 0)
  }

  @Test func descriptorThatIsNoLongerASocketIsNotTouched() throws {
    let pair = TCPPair()
    var ends: [Int32] = [-1, -1]
    #expect(pipe(&ends) == 0)
    defer { ends.forEach { close($0) } }
    #expect(throws: DescriptorProblem.otherSocket(descriptor(ends[0]))) {
      try perform(.shutdown, on: pair.identity(), through: descriptor(ends[0]))
    }
  }

  @Test func closedDescriptorIsGone() throws {
    let pair = TCPPair()
    let unused = descriptor(1_000_000)
    #expect(throws: DescriptorProblem.descriptorGone(unused)) {
      try perform(.shutdown, on: pair.identity(), through: unused)
    }
    #expect(TCPPair.receive(pair.far) == -EAGAIN)
  }

  @Test func exitedProcessIsGone() throws {
    let pair = TCPPair()
    // Above the maximum pid of Linux (PID_MAX_LIMIT).
    let ended = ProcessIdentity(pid: 4_194_305, startTicks: 1)
    #expect(throws: DescriptorProblem.processGone(pid: 4_194_305)) {
      try perform(.abort, on: pair.identity(), through: descriptor(pair.near, of: ended))
    }
  }

  @Test func laterProcessWithTheSamePidIsNotTouched() throws {
    let pair = TCPPair()
    let earlier = ProcessIdentity(pid: getpid(), startTicks: 1)
    #expect(throws: DescriptorProblem.processGone(pid: getpid())) {
      try perform(.abort, on: pair.identity(), through: descriptor(pair.near, of: earlier))
    }
    #expect(TCPPair.receive(pair.far) == -EAGAIN)
  }

  @Test func cookieDecidesIfTheStartTimeIsUnknown() throws {
    let pair = TCPPair()
    let unknown = ProcessIdentity(pid: getpid(), startTicks: nil)
    #expect(
      try perform(.shutdown, on: pair.identity(), through: descriptor(pair.near, of: unknown))
        == .done)
  }

  @Test func endedConnectionIsNotConnected() throws {
    let pair = TCPPair()
    let identity = pair.identity()
    _ = try perform(.abort, on: identity, through: descriptor(pair.near))
    #expect(throws: DescriptorProblem.notConnected) {
      try perform(.shutdown, on: identity, through: descriptor(pair.near))
    }
  }

  @Test func socketWithoutKeepaliveOptionsIsUnchanged() throws {
    var ends: [Int32] = [-1, -1]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    defer { ends.forEach { close($0) } }
    let nowhere = Endpoint(address: IPAddress(v4: 0), port: 0)
    let identity = SocketIdentity(
      local: nowhere, peer: nowhere, family: .ipv4, interface: 0,
      cookie: try #require(SocketCookie(rawValue: TCPPair.cookie(of: ends[0]))))
    #expect(throws: DescriptorProblem.failed(.readOption, .notSupportedOnSocket)) {
      try perform(.keepalive(.standard), on: identity, through: descriptor(ends[0]))
    }
    #expect(TCPPair.option(SOL_SOCKET, SO_KEEPALIVE, of: ends[0]) == 0)
  }

  @Test func accessCanBeCheckedWithoutSideEffects() throws {
    try OpenProcess(getpid()).checkAccess()
    #expect(throws: DescriptorProblem.processGone(pid: 4_194_305)) {
      try OpenProcess(4_194_305).checkAccess()
    }
  }

  @Test func duplicatesAreClosed() throws {
    let pair = TCPPair()
    func count() throws -> Int { try ProcFileSystem().descriptorCount(of: getpid()) }
    // Other tests also open descriptors, so only a large increase counts.
    let before = try count()
    for _ in 0..<500 {
      _ = try perform(.keepalive(.standard), on: pair.identity(), through: descriptor(pair.near))
    }
    #expect(try count() < before + 300)
  }
}

@Suite(.enabled(if: access("/proc/sys/net/mptcp/enabled", F_OK) == 0, "needs CONFIG_MPTCP"))
struct SubflowTests {
  private func perform(
    _ identity: SocketIdentity, through number: Int32
  ) throws(DescriptorProblem) -> DescriptorEffect {
    let own = ProcessIdentity(pid: getpid(), startTicks: nil)
    return try ProcessDescriptors().perform(
      .shutdown, on: identity, isMPTCPSubflow: true,
      through: SocketDescriptor(process: own, number: number))
  }

  @Test func mptcpConnectionIsIdentifiedByItsSubflow() throws {
    let pair = TCPPair(mptcp: true)
    // The program holds a descriptor of the connection, whose cookie differs from the subflow's.
    #expect(try perform(pair.identity(cookie: 12_345), through: pair.near) == .done)
    #expect(TCPPair.receive(pair.near) == 0)
    var answer = TCPPair.receive(pair.far)
    for _ in 0..<100 where answer == -EAGAIN {
      usleep(10_000)
      answer = TCPPair.receive(pair.far)
    }
    #expect(answer == 0)
  }

  @Test func connectionWithoutTheSubflowIsNotTouched() throws {
    let (meant, other) = (TCPPair(mptcp: true), TCPPair(mptcp: true))
    #expect(throws: DescriptorProblem.self) { try perform(meant.identity(), through: other.near) }
    // The other end has the same addresses swapped: that is another connection.
    #expect(throws: DescriptorProblem.self) { try perform(meant.identity(), through: meant.far) }
    #expect(TCPPair.receive(other.near) == -EAGAIN)
    #expect(TCPPair.receive(meant.far) == -EAGAIN)
  }

  @Test func plainTCPIsNotASubflow() throws {
    let pair = TCPPair()
    #expect(throws: DescriptorProblem.self) { try perform(pair.identity(), through: pair.near) }
    #expect(TCPPair.receive(pair.near) == -EAGAIN)
  }
}
