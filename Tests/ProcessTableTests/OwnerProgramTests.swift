import Connections
import Glibc
import ProcessTable
import TestSupport
import Testing

@Suite("Programs and command lines of owners")
struct OwnerProgramTests {
  private func owner(
    _ name: String, executable: String?, command: [String]?, reading details: OwnerDetails
  ) throws -> OwnerProcess {
    let tree = ProcTree()
    tree.process(10, name: name, links: [3: "socket:[100]"])
    tree.unlink("10/exe")
    tree.unlink("10/cmdline")
    if let executable { tree.link("10/exe", to: executable) }
    if let command { tree.file("10/cmdline", command.flatMap { Array($0.utf8) + [0] }) }
    let table = try tree.files.findOwners(of: InodeSet([100]), reading: details, threads: 1)
    return try #require(table.processes.first)
  }

  @Test func theCommandLineNamesTheProgramOfAnInterpreter() throws {
    let command = ["java", "-Xmx1g", "-jar", "/opt/orders.jar"]
    let owner = try owner(
      "java", executable: "/usr/lib/jvm/bin/java", command: command, reading: .facts)
    #expect(owner.program == "orders.jar" && owner.name == "java")
    #expect(owner.label == "orders.jar[10]")
    #expect(owner.command == nil, "it is not kept unless it was requested")
  }

  @Test func withoutACommandLineTheProgramIsUnknown() throws {
    let owner = try owner("java", executable: "/usr/bin/java", command: nil, reading: .all)
    #expect(owner.program == nil && owner.command == nil)
    #expect(owner.label == "java[10]", "the command name is the next best label")
  }

  @Test func anUnreadableExecutableLeavesTheCommandLine() throws {
    let owner = try owner(
      "python3", executable: nil, command: ["python3", "/srv/shop.py"], reading: .program)
    #expect(owner.executable == nil && owner.program == "shop.py")
  }

  @Test func aReplacedExecutableKeepsItsName() throws {
    let owner = try owner(
      "a-very-long-nam", executable: "/opt/a-very-long-name (deleted)", command: nil,
      reading: .program)
    #expect(owner.program == "a-very-long-name")
  }

  @Test func longCommandLinesAreCutOff() throws {
    let long = String(repeating: "x", count: 3 * ProcessCommand.maximumLength)
    let owner = try owner("app", executable: "/usr/bin/app", command: ["app", long], reading: .all)
    let command = try #require(owner.command)
    #expect(command.isTruncated && command.text.count == ProcessCommand.maximumLength)
    #expect(command.text.text.hasPrefix("app xxx"))
  }

  @Test func theKernelsOwnProcessesHaveTheirRealCommandLine() throws {
    let own = try ProcFileSystem().process(getpid(), reading: .all)
    let command = try #require(own.command)
    #expect(CommandLine.arguments.map { Array($0.utf8) } == command.arguments)
  }
}
