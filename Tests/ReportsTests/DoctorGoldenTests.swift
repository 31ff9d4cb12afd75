import Glibc
import Scanning
import SystemPackage
import TestSupport
import Testing

@testable import Operations
@testable import Rendering
@testable import Reports

extension HealthTests {
  /// `doctor` on terminals of several widths: `Tests/Golden/expected`.
  @Test(arguments: [80, 100, 160]) func doctorIsAsExpected(columns: Int) throws {
    process(
      200, "leaky-server", limit: 20,
      links: [3: "socket:[21]", 4: "socket:[22]", 5: "socket:[23]"])
    for descriptor in 6..<22 { tree.link("200/fd/\(descriptor)", to: "/dev/null") }
    set("tcp_keepalive_time", "7200")
    counters(orphans: 12, timeWait: 900, memory: 2100, overflows: 3)
    let sockets = (21...23).map { inode in
      FakeSocket(cookie: UInt64(inode), inode: UInt32(inode)) { $0.state = 8 }
    }
    let checks = [
      Check(
        id: "list-ipv4", severity: .well, title: "listing IPv4 sockets",
        detail: "inet_diag, tcp_diag: 1,204 sockets"),
      Check(
        id: "may-close", severity: .problem, title: "permission to close",
        detail: "CAP_NET_ADMIN missing: kill and policy apply with method destroy exit with code "
          + "77; run it with sudo"),
    ]
    let examination = Examination(
      at: ScanMoment(
        bootID: "b", networkNamespace: 4_026_531_833, uptime: 1, kernelRelease: "6.18.44"),
      checks + (try health(sockets)).checks)
    let printed = examination.text(colors: false, columns: columns)
    for line in printed.split(separator: "\n") {
      #expect(EscapedText.width(of: line.utf8) <= columns, "\(line)")
    }
    let folder = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let path = FilePath("\(folder)/Golden/expected/\(columns)/doctor.txt")
    if getenv("UPDATE_GOLDEN") != nil {
      let file = try FileDescriptor.open(
        path, .writeOnly, options: [.create, .truncate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      try file.closeAfter { _ = try file.writeAll(printed.utf8) }
    }
    let file = try FileDescriptor.open(path, .readOnly)
    var expected = [UInt8](repeating: 0, count: 65_536)
    let count = try file.closeAfter {
      try expected.withUnsafeMutableBytes { try file.read(into: $0) }
    }
    #expect(printed == String(decoding: expected[..<count], as: UTF8.self))
  }
}
