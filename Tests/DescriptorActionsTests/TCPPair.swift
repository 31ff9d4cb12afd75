import Connections
import Glibc

/// Both ends of a loopback connection, held by this process.
final class TCPPair {
  let near: Int32
  let far: Int32

  /// - Parameter mptcp: whether it is an MPTCP connection (RFC 8684).
  init(mptcp: Bool = false) {
    let number = mptcp ? 262 : Int32(IPPROTO_TCP)
    let stream = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let listener = socket(AF_INET, stream, number)
    let client = socket(AF_INET, stream, number)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let accepted: Int32 = withUnsafeMutableBytes(of: &address) { bytes in
      let address = bytes.bindMemory(to: sockaddr.self).baseAddress
      guard bind(listener, address, length) == 0, listen(listener, 1) == 0,
        getsockname(listener, address, &length) == 0, connect(client, address, length) == 0
      else { return -1 }
      return accept(listener, nil, nil)
    }
    close(listener)
    (near, far) = (client, accepted)
    precondition(near >= 0 && far >= 0)
  }

  deinit {
    close(near)
    close(far)
  }

  /// `SO_COOKIE` of a descriptor.
  static func cookie(of descriptor: Int32) -> UInt64 {
    var cookie: UInt64 = 0
    var length = socklen_t(8)
    precondition(getsockopt(descriptor, SOL_SOCKET, SO_COOKIE, &cookie, &length) == 0)
    return cookie
  }

  static func option(_ level: Int32, _ name: Int32, of descriptor: Int32) -> Int32 {
    var value: Int32 = -1
    var length = socklen_t(4)
    precondition(getsockopt(descriptor, level, name, &value, &length) == 0)
    return value
  }

  /// The identity of the near socket, with its cookie or another.
  func identity(cookie: UInt64? = nil) -> SocketIdentity {
    func end(
      _ read: (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> Int32
    )
      -> Endpoint
    {
      var address = sockaddr_in()
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      withUnsafeMutableBytes(of: &address) { bytes in
        precondition(read(near, bytes.bindMemory(to: sockaddr.self).baseAddress, &length) == 0)
      }
      return Endpoint(
        address: IPAddress(v4: UInt32(bigEndian: address.sin_addr.s_addr)),
        port: UInt16(bigEndian: address.sin_port))
    }
    guard let name = SocketCookie(rawValue: cookie ?? Self.cookie(of: near)) else {
      preconditionFailure("no cookie")
    }
    return SocketIdentity(
      local: end(getsockname), peer: end(getpeername), family: .ipv4, interface: 0,
      cookie: name)
  }

  /// The result of one recv(2): the number of bytes, or the negative errno.
  static func receive(_ descriptor: Int32) -> Int32 {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    return count < 0 ? -errno : Int32(count)
  }
}
