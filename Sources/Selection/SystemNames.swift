public import Connections
import Glibc
import ProcessTable
import SystemPackage

/// Resolves names with the name services of this machine, as configured in `nsswitch.conf`.
///
/// Interfaces are those in the network namespace of the calling thread.
public struct SystemNames: NameResolver {
  private let isOfThisMachine: Bool

  /// A resolver for this machine.
  ///
  /// - Parameter namespaces: whether its network namespaces apply; false for a recording.
  public init(namespaces isOfThisMachine: Bool = true) { self.isOfThisMachine = isOfThisMachine }

  /// All addresses of the host in both families, without duplicates (`getaddrinfo`).
  public func addresses(ofHost name: String) throws(LookupFailure) -> [IPAddress] {
    guard !name.utf8.contains(0) else { throw .noSuchName }
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(name, nil, &hints, &list)
    let errno = Glibc.errno
    guard code == 0 else { throw Self.failure(code, Errno(rawValue: errno)) }
    defer { unsafe freeaddrinfo(list) }
    var addresses: [IPAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
      if let address = unsafe Self.address(entry.pointee), !addresses.contains(address) {
        addresses.append(address)
      }
      unsafe next = entry.pointee.ai_next
    }
    return addresses
  }

  private static func failure(_ code: Int32, _ errno: Errno) -> LookupFailure {
    // EAI_NODATA: the name exists but has no address. The Glibc module lacks the constant.
    let noData: Int32 = -5
    return switch code {
    case EAI_NONAME, noData: .noSuchName
    case EAI_AGAIN: .noAnswer
    case EAI_SYSTEM: .system(errno)
    default: .resolver(code: code)
    }
  }

  private static func address(_ entry: addrinfo) -> IPAddress? {
    guard let raw = unsafe UnsafeRawPointer(entry.ai_addr) else { return nil }
    let length = Int(unsafe entry.ai_addrlen)
    switch unsafe entry.ai_family {
    case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
      let address = unsafe raw.loadUnaligned(as: sockaddr_in.self)
      return IPAddress(v4: UInt32(bigEndian: address.sin_addr.s_addr))
    case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
      let address = unsafe raw.loadUnaligned(as: sockaddr_in6.self)
      let bits = unsafe unsafeBitCast(address.sin6_addr, to: UInt128.self)
      return IPAddress(bits: UInt128(bigEndian: bits), family: .ipv6)
    default: return nil
    }
  }

  /// The TCP port of the service (`getservbyname_r`).
  public func port(ofService name: String) -> UInt16? { Self.port(ofService: name, over: "tcp") }

  /// Whether there is a UDP service with this name (`getservbyname_r`).
  public func isUDPService(_ name: String) -> Bool {
    Self.port(ofService: name, over: "udp") != nil
  }

  private static func port(ofService name: String, over transport: String) -> UInt16? {
    guard !name.utf8.contains(0) else { return nil }
    var entry = unsafe servent()
    var found: UnsafeMutablePointer<servent>?
    return unsafe Self.withGrowingBuffer { start, size in
      let code = unsafe getservbyname_r(
        name, transport, &entry, start, size, &found)
      guard code != ERANGE else { return .tooSmall }
      guard code == 0, let found = unsafe found else { return .done(nil) }
      return .done(UInt16(bigEndian: UInt16(truncatingIfNeeded: unsafe found.pointee.s_port)))
    }
  }

  /// The uid of the user (`getpwnam_r`).
  public func userID(of name: String) throws(LookupFailure) -> UInt32? {
    guard !name.utf8.contains(0) else { return nil }
    var entry = unsafe passwd()
    var found: UnsafeMutablePointer<passwd>?
    var failure: Errno? = .outOfRange
    let id: UInt32? = unsafe Self.withGrowingBuffer { start, size in
      let code = unsafe getpwnam_r(name, &entry, start, size, &found)
      if code == ERANGE { return .tooSmall }
      // See 'man 3 getpwnam_r': some name services report a missing user as an error.
      failure = [0, ENOENT, ESRCH].contains(code) ? nil : Errno(rawValue: code)
      guard let found = unsafe found else { return .done(nil) }
      return .done(unsafe found.pointee.pw_uid)
    }
    if let failure { throw .system(failure) }
    return id
  }

  /// The index of the interface (`if_nametoindex`).
  public func interfaceIndex(of name: String) -> UInt32? {
    guard !name.utf8.contains(0) else { return nil }
    let index = unsafe if_nametoindex(name)
    return index == 0 ? nil : index
  }

  /// The kernel's range of ephemeral ports, in the network namespace of the calling thread.
  public var ephemeralPorts: ClosedRange<UInt16>? { try? ProcFileSystem().ephemeralPortRange() }

  /// The names of the interfaces of this network namespace (`if_nameindex`).
  public var interfaceNames: [String] {
    guard let list = unsafe if_nameindex() else { return [] }
    defer { unsafe if_freenameindex(list) }
    var names: [String] = []
    while let name = unsafe list[names.count].if_name { names.append(unsafe String(cString: name)) }
    return names
  }

  /// The names of all TCP services (`getservent_r`).
  public var serviceNames: [String] {
    var names: [String] = []
    var entry = unsafe servent()
    var found: UnsafeMutablePointer<servent>?
    setservent(0)
    defer { endservent() }
    while true {
      let service: (name: String, isTCP: Bool)? = unsafe Self.withGrowingBuffer { start, size in
        let code = unsafe getservent_r(&entry, start, size, &found)
        guard code != ERANGE else { return .tooSmall }
        guard code == 0, let found = unsafe found else { return .done(nil) }
        return .done(
          unsafe (
            String(cString: found.pointee.s_name), strcmp(found.pointee.s_proto, "tcp") == 0
          ))
      }
      guard let service else { break }
      if service.isTCP { names.append(service.name) }
    }
    return names
  }

  /// Whether a file exists at `path` on this machine.
  public func hasFile(at path: String) -> Bool {
    guard isOfThisMachine else { return false }
    return unsafe access(path, F_OK) == 0
  }

  /// The names in the directories of `ip netns` and Docker; nil if one could not be read.
  public var networkNamespaceNames: [KernelName]? {
    guard isOfThisMachine else { return nil }
    var names: [KernelName] = []
    for path in ["/run/netns", "/var/run/netns", "/run/docker/netns"] {
      guard let directory = unsafe opendir(path) else {
        guard errno == ENOENT else { return nil }
        continue
      }
      defer { unsafe closedir(directory) }
      while let entry = unsafe readdir(directory) {
        let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
          unsafe KernelName(bytes: bytes.prefix { $0 != 0 })
        }
        if name != ".", name != ".." { names.append(name) }
      }
    }
    return names
  }

  private enum Attempt<Value> {
    case tooSmall
    case done(Value?)
  }

  /// Calls `body` with growing buffers, up to 1 MiB, until one is large enough.
  private static func withGrowingBuffer<Value>(
    _ body: (UnsafeMutablePointer<CChar>, _ size: Int) -> Attempt<Value>
  ) -> Value? {
    var size = 1024
    while size <= 1 << 20 {
      let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
      defer { unsafe buffer.deallocate() }
      if case .done(let value) = unsafe body(buffer, size) { return value }
      size *= 4
    }
    return nil
  }
}
