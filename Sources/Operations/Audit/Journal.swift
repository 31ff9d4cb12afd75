import Connections
import Glibc
package import SystemPackage

/// The systemd journal, through its native protocol: one datagram per entry, one line per field.
///
/// See https://systemd.io/JOURNAL_NATIVE_PROTOCOL. Entries are lost if there is no journal or it is
/// busy, because the audit log has them anyway.
package struct Journal: ~Copyable {
  private let socket: FileDescriptor
  private let path: FilePath

  /// Where journald listens.
  package static let defaultPath: FilePath = "/run/systemd/journal/socket"

  /// The journal whose socket is at `path`; nil if there is none.
  package init?(at path: FilePath = defaultPath) {
    guard (try? path.stat())?.type == .socket else { return nil }
    let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let number = Glibc.socket(AF_UNIX, kind, 0)
    guard number >= 0 else { return nil }
    socket = FileDescriptor(rawValue: number)
    self.path = path
  }

  deinit {
    try? socket.close()
  }

  /// The severity of an entry, with the numbers of syslog(3).
  package enum Priority: Int {
    case warning = 4
    case info = 6
    case debug = 7
  }

  /// Writes one entry. Fields that are nil are omitted.
  package borrowing func write(
    _ message: String, _ priority: Priority, _ fields: [(name: String, value: String?)]
  ) {
    var datagram: [UInt8] = []
    let standard = [
      ("MESSAGE", message), ("PRIORITY", "\(priority.rawValue)"),
      ("SYSLOG_IDENTIFIER", "connreap"),
    ]
    for (name, value) in standard { Self.append(name, value, to: &datagram) }
    for case (let name, let value?) in fields { Self.append(name, value, to: &datagram) }
    send(datagram)
  }

  private static func append(_ name: String, _ value: String, to datagram: inout [UInt8]) {
    datagram.append(contentsOf: name.utf8)
    if value.utf8.contains(UInt8(ascii: "\n")) {
      // A value with line breaks starts on the next line, after its length in 64 bits.
      datagram.append(UInt8(ascii: "\n"))
      let length = UInt64(value.utf8.count)
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        datagram.append(UInt8(truncatingIfNeeded: length >> shift))
      }
    } else {
      datagram.append(UInt8(ascii: "="))
    }
    datagram.append(contentsOf: value.utf8)
    datagram.append(UInt8(ascii: "\n"))
  }

  private borrowing func send(_ datagram: [UInt8]) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let name = Array(path.string.utf8)
    guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    _ = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe sendto(
          socket.rawValue, datagram, datagram.count, Int32(MSG_NOSIGNAL), pointer,
          socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
