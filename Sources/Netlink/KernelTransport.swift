import CMnl
import Glibc
import SystemPackage

/// A netlink socket to the running kernel.
///
/// It stays in the network namespace of the thread that opened it.
public final class KernelTransport: NetlinkTransport {
  private let socket: MnlSocket

  /// Opens and binds a socket of the netlink family `bus`, such as `NETLINK_SOCK_DIAG`.
  public init(bus: Int32) throws(NetlinkProblem) {
    socket = try MnlSocket(bus: bus)
  }

  /// Sends one datagram.
  public func send(_ datagram: [UInt8]) throws(NetlinkProblem) {
    try socket.send(datagram)
  }

  /// Receives one datagram.
  public func receive(into buffer: inout [UInt8]) throws(NetlinkProblem) -> ReceivedDatagram {
    try socket.receive(into: &buffer)
  }
}

/// Owns one `struct mnl_socket`.
@safe private struct MnlSocket: ~Copyable {
  private let handle: OpaquePointer

  init(bus: Int32) throws(NetlinkProblem) {
    guard let handle = unsafe mnl_socket_open2(bus, Int32(SOCK_CLOEXEC.rawValue)) else {
      throw .cannotOpen(Errno(rawValue: errno))
    }
    guard unsafe mnl_socket_bind(handle, 0, 0) == 0 else {
      let failure = Errno(rawValue: errno)
      unsafe mnl_socket_close(handle)
      throw .cannotOpen(failure)
    }
    unsafe self.handle = handle
  }

  deinit {
    unsafe mnl_socket_close(handle)
  }

  func send(_ datagram: [UInt8]) throws(NetlinkProblem) {
    while true {
      let (count, failure) = unsafe datagram.withUnsafeBytes { bytes in
        let count = unsafe mnl_socket_sendto(handle, bytes.baseAddress, bytes.count)
        return (count, Errno(rawValue: errno))
      }
      if count >= 0 { return }
      guard failure == .interrupted else {
        throw failure == .noBufferSpace ? .overrun : .cannotSend(failure)
      }
    }
  }

  // recvmsg, because mnl_socket_recvfrom reports neither the sender nor the size of a truncated
  // datagram.
  func receive(into buffer: inout [UInt8]) throws(NetlinkProblem) -> ReceivedDatagram {
    let descriptor = unsafe mnl_socket_get_fd(handle)
    while true {
      var sender = sockaddr_nl()
      var flags: Int32 = 0
      let (count, failure) = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe withUnsafeMutablePointer(to: &sender) { senderPointer in
          var part = unsafe iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
          return unsafe withUnsafeMutablePointer(to: &part) { partPointer in
            var header = unsafe msghdr()
            unsafe header.msg_name = UnsafeMutableRawPointer(senderPointer)
            unsafe header.msg_namelen = socklen_t(MemoryLayout<sockaddr_nl>.size)
            unsafe header.msg_iov = partPointer
            unsafe header.msg_iovlen = 1
            let count = unsafe recvmsg(descriptor, &header, 0)
            let failure = Errno(rawValue: errno)
            flags = unsafe header.msg_flags
            return (count, failure)
          }
        }
      }
      if count >= 0 {
        return ReceivedDatagram(
          count: count, senderPort: sender.nl_pid,
          isTruncated: flags & Int32(MSG_TRUNC) != 0)
      }
      switch failure {
      case .interrupted: continue
      case .noBufferSpace: throw .overrun
      default: throw .cannotReceive(failure)
      }
    }
  }
}
