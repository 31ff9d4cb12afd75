import Connections
import Testing

@testable import Presentation

@Suite("Access to command lines")
struct CommandAccessTests {
  private func process(_ command: String, userID: UInt32? = 1000) -> OwnerProcess {
    OwnerProcess(
      identity: ProcessIdentity(pid: 1, startTicks: 1), name: "app", executable: nil,
      command: ProcessCommand(cmdline: Array(command.utf8)), keepsCommand: true, userID: userID,
      controlGroup: nil)
  }

  @Test func rootSeesAllAndAUserHisOwn() {
    let own = process("app\0--password\0x\0")
    #expect(CommandAccess.all.command(of: own) == "app --password x")
    #expect(CommandAccess.ofUser(1000).command(of: own) == "app --password x")
    #expect(CommandAccess.ofUser(1001).command(of: own) == nil)
    #expect(CommandAccess.none.command(of: own) == nil)
  }

  @Test func aProcessOfAnUnknownUserIsNotOnesOwn() {
    let process = process("app\0", userID: nil)
    #expect(CommandAccess.ofUser(0).command(of: process) == nil)
    #expect(CommandAccess.all.command(of: process) == "app")
  }

  @Test func longCommandLinesEndWithAnEllipsis() throws {
    let limit = CommandAccess.maximumLength
    let fits = String(repeating: "x", count: limit)
    #expect(CommandAccess.all.command(of: process(fits))?.text == fits)
    let shown = try #require(CommandAccess.all.command(of: process(fits + "y")))
    #expect(shown.text == fits + "…")
  }
}
