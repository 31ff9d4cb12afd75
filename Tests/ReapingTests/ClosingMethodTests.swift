import Connections
import DescriptorActions
import Netlink
import PolicyEngine
import Reaping
import Scanning
import Selection
import SystemPackage
import TestSupport
import Testing

@Suite struct UnchangedTests {
  private func connection(_ change: (inout FakeSocket) -> Void = { _ in }) throws -> Connection {
    let scene = Scene([FakeSocket(cookie: 1, inode: 11, change)])
    scene.tree.process(77, name: "bystander")
    return try #require(try scene.snapshot(.term(.states(.all))).connections.first)
  }

  @Test func trafficIsNotAChange() throws {
    let earlier = try connection { $0.info = .idle(100) }
    #expect(try connection { $0.info = .idle(1) }.isUnchanged(since: earlier))
  }

  @Test func anotherSocketOrEndIsAChange() throws {
    let earlier = try connection()
    #expect(try !connection { $0.cookie = 2 }.isUnchanged(since: earlier))
    #expect(try !connection { $0.peerPort = 1 }.isUnchanged(since: earlier))
    #expect(try !connection { $0.localPort = 1 }.isUnchanged(since: earlier))
    #expect(try !connection { $0.peer = [10, 0, 0, 1] }.isUnchanged(since: earlier))
  }

  @Test(arguments: [
    (UInt8(1), UInt8(8), false), (1, 5, false), (8, 9, false), (4, 5, true), (5, 11, true),
    (2, 1, false), (10, 10, true), (6, 1, false),
  ])
  func aStateInAnotherPhaseIsAChange(
    before: UInt8, after: UInt8, isUnchanged: Bool
  ) throws {
    let earlier = try connection { $0.state = before }
    #expect(try connection { $0.state = after }.isUnchanged(since: earlier) == isUnchanged)
  }
}
