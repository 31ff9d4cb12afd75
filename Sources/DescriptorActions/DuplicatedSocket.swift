internal import Connections
internal import Glibc
internal import SystemPackage

/// A duplicate of another process's descriptor, closed with this value.
///
/// Actions on it affect the socket of that process.
public struct DuplicatedSocket: ~Copyable {
  private let descriptor: Int32

  init(taking descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// The number of the duplicate in this process.
  var number: Int32 { descriptor }

  /// `SO_COOKIE`; nil when it is not a socket.
  var cookie: UInt64? {
    var cookie: UInt64 = 0
    var length = socklen_t(MemoryLayout<UInt64>.size)
    guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_COOKIE, &cookie, &length) == 0,
      length == MemoryLayout<UInt64>.size
    else { return nil }
    return cookie
  }

  /// Ends both directions: the kernel sends queued data, then a FIN (shutdown(2), `SHUT_RDWR`).
  borrowing func shutDown() throws(DescriptorProblem) {
    guard Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) == 0 else {
      throw Self.problem(.shutdown, Errno(rawValue: errno))
    }
    guard hasEnded else { throw .noEffect(.shutdown) }
  }

  /// Whether both directions have ended (`POLLHUP`).
  var hasEnded: Bool {
    var question = pollfd(fd: descriptor, events: 0, revents: 0)
    return unsafe poll(&question, 1, 0) == 1 && question.revents & Int16(POLLHUP) != 0
  }

  /// Drops the connection with a RST (connect(2) with `AF_UNSPEC`).
  borrowing func abort() throws(DescriptorProblem) {
    var nowhere = sockaddr()
    nowhere.sa_family = sa_family_t(AF_UNSPEC)
    let length = socklen_t(MemoryLayout<sockaddr>.size)
    guard unsafe connect(descriptor, &nowhere, length) == 0 else {
      throw Self.problem(.connect, Errno(rawValue: errno))
    }
  }

  /// Enables keepalive with `settings`. If the kernel refuses one of them, all are restored.
  borrowing func arm(_ settings: KeepaliveSettings) throws(DescriptorProblem) -> KeepaliveChange {
    let old = try keepalive()
    do throws(DescriptorProblem) {
      try set(IPPROTO_TCP, TCP_KEEPIDLE, settings.idle)
      try set(IPPROTO_TCP, TCP_KEEPINTVL, settings.interval)
      try set(IPPROTO_TCP, TCP_KEEPCNT, settings.count)
      if let timeout = settings.userTimeout {
        try set(IPPROTO_TCP, TCP_USER_TIMEOUT, Int32(bitPattern: timeout))
      }
      // Last, so that the timer starts with these times.
      try set(SOL_SOCKET, SO_KEEPALIVE, 1)
      return KeepaliveChange(old: old, new: try keepalive())
    } catch {
      restore(old)
      throw error
    }
  }

  private borrowing func restore(_ state: KeepaliveState) {
    try? set(SOL_SOCKET, SO_KEEPALIVE, state.isOn ? 1 : 0)
    try? set(IPPROTO_TCP, TCP_KEEPIDLE, state.idle)
    try? set(IPPROTO_TCP, TCP_KEEPINTVL, state.interval)
    try? set(IPPROTO_TCP, TCP_KEEPCNT, state.count)
    try? set(IPPROTO_TCP, TCP_USER_TIMEOUT, Int32(bitPattern: state.userTimeout))
  }

  /// The socket's current keepalive settings.
  borrowing func keepalive() throws(DescriptorProblem) -> KeepaliveState {
    KeepaliveState(
      isOn: try option(SOL_SOCKET, SO_KEEPALIVE) != 0,
      idle: try option(IPPROTO_TCP, TCP_KEEPIDLE), interval: try option(IPPROTO_TCP, TCP_KEEPINTVL),
      count: try option(IPPROTO_TCP, TCP_KEEPCNT),
      userTimeout: UInt32(bitPattern: try option(IPPROTO_TCP, TCP_USER_TIMEOUT)))
  }

  private borrowing func set(
    _ level: some BinaryInteger, _ name: Int32, _ value: Int32
  ) throws(DescriptorProblem) {
    var value = value
    let length = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe setsockopt(descriptor, Int32(level), name, &value, length) == 0 else {
      throw Self.problem(.setOption, Errno(rawValue: errno))
    }
  }

  private borrowing func option(
    _ level: some BinaryInteger, _ name: Int32
  ) throws(DescriptorProblem) -> Int32 {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe getsockopt(descriptor, Int32(level), name, &value, &length) == 0 else {
      throw Self.problem(.readOption, Errno(rawValue: errno))
    }
    return value
  }

  /// Whether it is an MPTCP connection with a subflow between these endpoints.
  ///
  /// Its cookie differs from that of the subflow, for which no process has a descriptor.
  borrowing func hasSubflow(_ local: Endpoint, _ peer: Endpoint) -> Bool {
    SubflowList(of: descriptor)?.contains(local, peer) ?? false
  }

  private static func problem(
    _ call: DescriptorProblem.Call, _ code: Errno
  ) -> DescriptorProblem {
    code == .socketNotConnected ? .notConnected : .failed(call, code)
  }
}
