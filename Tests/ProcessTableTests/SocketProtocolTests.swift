import Glibc
import ProcessTable
import TestSupport
import Testing

@Suite struct SocketProtocolTests {
  private func isTCP(_ descriptor: Int32) -> Bool? {
    ProcFileSystem().isTCPSocket(descriptor, of: getpid())
  }

  @Test(
    arguments: [
      (AF_INET, Int32(SOCK_STREAM.rawValue), true), (AF_INET6, Int32(SOCK_STREAM.rawValue), true),
      (AF_INET, Int32(SOCK_DGRAM.rawValue), false), (AF_UNIX, Int32(SOCK_STREAM.rawValue), false),
    ])
  func theProtocolOfASocketIsKnown(family: Int32, type: Int32, expected: Bool) {
    let descriptor = socket(family, type | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    #expect(isTCP(descriptor) == expected)
  }

  @Test func aDescriptorThatIsGoneIsNoSocket() {
    #expect(isTCP(1_000_000) == false)
    #expect(ProcFileSystem().isTCPSocket(3, of: Int32.max) == false)
  }

  /// A copy of `/proc` shows sockets, but not their protocols.
  @Test func otherwiseTheProtocolIsUnknown() {
    let tree = ProcTree()
    tree.file("10/fd/3", "no socket")
    #expect(tree.files.isTCPSocket(3, of: 10) == nil)
  }
}
