import Glibc
import SystemPackage
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering

/// Entries in the journal, received by a socket of the test.
@Suite struct JournalTests {
  /// A datagram socket in place of journald's.
  final class Listener {
    let path: FilePath
    let descriptor: Int32

    init() throws {
      path = FilePath("/tmp/connreap-journal-\(UInt64.random(in: 0 ... .max))")
      descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.string.utf8)) }
      let bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      try #require(bound == 0)
    }

    deinit {
      close(descriptor)
      unlink(path.string)
    }

    /// The next datagram, if any.
    func receive() -> [UInt8]? {
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      return count < 0 ? nil : Array(bytes[..<count])
    }
  }

  @Test func anEntryIsOneDatagramWithOneLinePerField() throws {
    let listener = try Listener()
    guard let journal = Journal(at: listener.path) else {
      Issue.record("the socket was not found")
      return
    }
    journal.write("closed a → b", .info, [("CONNREAP_EVENT", "closed"), ("CONNREAP_POLICY", nil)])
    let bytes = try #require(listener.receive())
    #expect(
      String(decoding: bytes, as: UTF8.self) == """
        MESSAGE=closed a → b
        PRIORITY=6
        SYSLOG_IDENTIFIER=connreap
        CONNREAP_EVENT=closed

        """)
    #expect(listener.receive() == nil)
  }

  @Test func aValueCannotAddAField() throws {
    let listener = try Listener()
    guard let journal = Journal(at: listener.path) else { return }
    journal.write("x", .warning, [("CONNREAP_REASON", "a\nPRIORITY=0")])
    let bytes = try #require(listener.receive())
    let expected =
      Array("MESSAGE=x\nPRIORITY=4\nSYSLOG_IDENTIFIER=connreap\nCONNREAP_REASON\n".utf8)
      + [12, 0, 0, 0, 0, 0, 0, 0] + Array("a\nPRIORITY=0\n".utf8)
    #expect(bytes == expected)
  }

  @Test func onlyASocketIsAJournal() throws {
    for path: FilePath in ["/nonexistent/socket", "/dev/null"] {
      if Journal(at: path) != nil { Issue.record("\(path) is no journal") }
    }
  }

  @Test func aFullJournalDoesNotBlock() throws {
    let listener = try Listener()
    guard let journal = Journal(at: listener.path) else { return }
    let start = ContinuousClock.now
    for _ in 0..<2000 { journal.write("x", .info, []) }
    #expect(ContinuousClock.now - start < .seconds(10))
    #expect(listener.receive() != nil)
  }

  @Test func aClosedJournalIsIgnored() throws {
    var listener: Listener? = try Listener()
    guard let journal = Journal(at: try #require(listener?.path)) else { return }
    listener = nil
    journal.write("x", .info, [])
  }
}
