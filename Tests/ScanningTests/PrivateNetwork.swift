import Glibc

/// A private network namespace of one thread, which contains all sockets that the thread opens.
enum PrivateNetwork {
  /// Whether this user may create one (CAP_SYS_ADMIN).
  static let isAllowed = (try? run { true }) == true

  struct Problem: Error {
    let step: String
    let code: Int32
  }

  private final class Work {
    let body: () -> Void

    init(_ body: @escaping () -> Void) { self.body = body }
  }

  /// Runs `body` on a new thread in a new namespace with the loopback device up, and waits for it.
  static func run<Value>(_ body: () throws -> Value) throws -> Value {
    var result: Result<Value, any Error> = .failure(Problem(step: "run", code: 0))
    try withoutActuallyEscaping(body) { body in
      let work = Work {
        result = Result {
          guard try leaveNamespace() == 0 else { throw Problem(step: "unshare", code: errno) }
          // A dump walks the whole connection table. The shared one is large and full of other
          // sockets, so use a small private one if the kernel supports it (Linux 6.1).
          askForSmallTable()
          guard try leaveNamespace() == 0 else { throw Problem(step: "unshare", code: errno) }
          try raiseLoopback()
          return try body()
        }
      }
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { pointer in
          guard let pointer else { return nil }
          Unmanaged<Work>.fromOpaque(pointer).takeUnretainedValue().body()
          return nil
        }, Unmanaged.passUnretained(work).toOpaque())
      guard code == 0 else { throw Problem(step: "pthread_create", code: code) }
      withExtendedLifetime(work) { _ = pthread_join(thread, nil) }
    }
    return try result.get()
  }

  /// Calls `unshare(CLONE_NEWNET)`, which the Glibc module lacks.
  private static func leaveNamespace() throws -> Int32 {
    guard let symbol = dlsym(nil, "unshare") else { throw Problem(step: "dlsym", code: 0) }
    typealias Unshare = @convention(c) (Int32) -> Int32
    return unsafeBitCast(symbol, to: Unshare.self)(0x4000_0000)
  }

  private static func askForSmallTable() {
    let file = open("/proc/sys/net/ipv4/tcp_child_ehash_entries", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = write(file, "256", 3)
    close(file)
  }

  private static func raiseLoopback() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(descriptor) }
    var request = ifreq()
    withUnsafeMutableBytes(of: &request.ifr_ifrn) { $0.copyBytes(from: "lo".utf8) }
    request.ifr_ifru.ifru_flags = Int16(IFF_UP)
    guard ioctl(descriptor, UInt(SIOCSIFFLAGS), &request) == 0 else {
      throw Problem(step: "SIOCSIFFLAGS", code: errno)
    }
  }
}

/// TCP sockets in the namespace of the current thread, which close with this value.
final class LoopbackSockets {
  private(set) var descriptors: [Int32] = []

  deinit { for descriptor in descriptors { close(descriptor) } }

  /// Opens a listener; `::` also accepts IPv4.
  func listen(_ address: String, port: UInt16) throws -> Int32 {
    let listener = try open(address)
    try bind(listener, address, port)
    try check("listen", Glibc.listen(listener, 64))
    return listener
  }

  /// Connects from `source` to a listener.
  ///
  /// - Returns: both ends; `far` is nil if the connection stays in the accept queue.
  @discardableResult
  func connect(
    from source: String, port: UInt16, to address: String, port peerPort: UInt16,
    listener: Int32, accepts: Bool = true, device: String? = nil, mark: UInt32 = 0
  ) throws -> (near: Int32, far: Int32?) {
    let near = try open(source)
    if let device {
      let name = Array(device.utf8)
      try check(
        "SO_BINDTODEVICE",
        setsockopt(near, SOL_SOCKET, SO_BINDTODEVICE, name, socklen_t(name.count)))
    }
    var value = mark
    if mark != 0 {
      try check("SO_MARK", setsockopt(near, SOL_SOCKET, SO_MARK, &value, 4))
    }
    try bind(near, source, port)
    try withAddress(address, peerPort) { pointer, length in
      try check("connect", Glibc.connect(near, pointer, length))
    }
    guard accepts else { return (near, nil) }
    let far = accept(listener, nil, nil)
    try check("accept", far)
    descriptors.append(far)
    return (near, far)
  }

  /// Shuts down sending, which sends a FIN.
  func finish(_ descriptor: Int32) throws {
    try check("shutdown", shutdown(descriptor, Int32(SHUT_WR)))
  }

  private func open(_ address: String) throws -> Int32 {
    let family = address.contains(":") ? AF_INET6 : AF_INET
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(family, kind, 0)
    try check("socket", descriptor)
    descriptors.append(descriptor)
    var on: Int32 = 1
    try check("SO_REUSEADDR", setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4))
    return descriptor
  }

  private func bind(_ descriptor: Int32, _ address: String, _ port: UInt16) throws {
    try withAddress(address, port) { pointer, length in
      try check("bind \(address)", Glibc.bind(descriptor, pointer, length))
    }
  }

  private func check(_ step: String, _ result: Int32) throws {
    guard result >= 0 else { throw PrivateNetwork.Problem(step: step, code: errno) }
  }

  private func withAddress(
    _ text: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
  ) throws {
    if text.contains(":") {
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      inet_pton(AF_INET6, text, &address.sin6_addr)
      try withUnsafeBytes(of: &address) { bytes in
        let pointer = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
        if let pointer { try body(pointer, socklen_t(bytes.count)) }
      }
    } else {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      inet_pton(AF_INET, text, &address.sin_addr)
      try withUnsafeBytes(of: &address) { bytes in
        let pointer = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
        if let pointer { try body(pointer, socklen_t(bytes.count)) }
      }
    }
  }
}
