import Connections
import Netlink
import TestSupport
import Testing

@testable import Reaping

/// The permission to close is held while sockets are destroyed, and at no other time.
@Suite struct ClosingPrivilegeTests {
  /// What the kernel was asked for, in order: `(` and `)` where the permission is raised and
  /// dropped, `d` for a socket destroyed, `l` for one looked up, `o` for an opened conversation.
  private func trace(
    _ scene: Scene, isPaced: Bool = false
  ) throws -> String {
    let plan = try scene.plan()
    var trace = ""
    scene.kernel.beforeDestroy = { _ in trace += "d" }
    scene.kernel.beforeLookUp = { _ in trace += "l" }
    let reaper = Reaper(
      uptime: { nil },
      raising: { work in
        trace += "("
        work()
        trace += ")"
      }
    ) { () throws(NetlinkProblem) in
      trace += "o"
      return scene.kernel.open()
    }
    _ = try reaper.carryOut(plan, isPaced: { _ in isPaced }) { _, _ in true }
    return trace
  }

  @Test func aGroupIsDestroyedUnderOnePermission() throws {
    #expect(try trace(Scene.connections(3)) == "olll(ddd)olll")
  }

  @Test func eachGroupHasItsOwn() throws {
    let look = String(repeating: "l", count: 16)
    let destroy = "(" + String(repeating: "d", count: 16) + ")"
    #expect(
      try trace(Scene.connections(33))
        == "o" + look + destroy + look + destroy + "l(d)o" + look + look + "l")
  }

  @Test func pacedConnectionsAreDestroyedOneByOne() throws {
    #expect(try trace(Scene.connections(2), isPaced: true) == "ol(d)l(d)oll")
  }

  @Test func refusalsAreNotLookedUpUnderThePermission() throws {
    let scene = Scene.connections(2)
    scene.kernel.refuseDestroy = { _, _ in 1 }
    #expect(try trace(scene) == "oll(dd)")
  }

  @Test func aConnectionThatHasChangedNeedsNoPermission() throws {
    let scene = Scene.connections(1)
    let plan = try scene.plan()
    var raised = 0
    let reaper = Reaper(
      uptime: { nil },
      raising: { work in
        raised += 1
        work()
      }
    ) { scene.kernel.open() }
    let outcomes = try reaper.carryOut(plan) { _, _ in false }
    #expect(outcomes.map(\.result) == [.spared(.changed(to: .established))])
    #expect(raised == 0)
  }
}
