internal import CLinuxProcess
internal import Glibc
internal import SystemPackage

extension ProcFileSystem {
  /// Whether the socket behind a descriptor is a TCP socket, in any state; nil if unknown. A
  /// descriptor that is gone is not.
  ///
  /// It reads the name of the protocol (`system.sockprotoname`) and does not touch the socket.
  public func isTCPSocket(_ descriptor: Int32, of pid: Int32) -> Bool? {
    let path = path(to: "\(pid)/fd/\(descriptor)").string
    var name = [UInt8](repeating: 0, count: 32)
    let count = unsafe getxattr(path, "system.sockprotoname", &name, name.count)
    guard count > 0 else { return Errno(rawValue: errno).meansGone ? false : nil }
    let text = name.prefix(count).prefix { $0 != 0 }
    return text.elementsEqual("TCP".utf8) || text.elementsEqual("TCPv6".utf8)
  }
}
