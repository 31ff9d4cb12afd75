import ArgumentParser
import Privileges
import Testing

@testable import ConnreapCommands
@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// The capabilities that each command keeps.
@Suite struct PrivilegedCommandTests {
  private func needs(_ words: String...) throws -> Capabilities {
    let command = try ConnreapCommand.parseAsRoot(words)
    return try #require(command as? any PrivilegedCommand).needs
  }

  /// A command that declares nothing would keep nothing, and find no owner.
  @Test func everyCommandDeclaresItsNeeds() {
    func check(_ command: any ParsableCommand.Type) {
      let subcommands = command.configuration.subcommands
      #expect(
        !subcommands.isEmpty || command is any PrivilegedCommand.Type,
        "\(command) does not declare its needs")
      for subcommand in subcommands { check(subcommand) }
    }
    check(ConnreapCommand.self)
  }

  @Test func commandsThatDoNotReadTheMachineNeedNothing() throws {
    #expect(try needs("policy", "check", "f") == [])
    #expect(try needs("log") == [])
    #expect(try needs("list", "--replay", "f") == [])
    #expect(try needs("list", "-o", "wide", "--mark", "1", "--replay", "f") == [])
    #expect(try needs("list", "--explain") == [])
    #expect(try needs("kill", "-n", "--all", "--replay", "f") == [])
    #expect(try needs("policy", "plan", "f", "--replay", "r") == [])
    #expect(try needs("stats", "--replay", "r") == [] && needs("listeners", "--replay", "r") == [])
    #expect(try needs("metrics", "--replay", "r") == [])
    #expect(try needs("report", "--html", "-", "--replay", "r") == [])
    #expect(try needs("report", "--html", "f", "--replay", "r") == [.dacOverride, .chown])
  }

  @Test func scansNeedToReadOwners() throws {
    let owners: Capabilities = [.sysPtrace, .dacReadSearch]
    #expect(try needs("list") == owners)
    #expect(try needs("list", "--netns", "all") == owners.union([.sysAdmin]))
    #expect(try needs("list", "--mark", "1") == owners.union([.netAdmin]))
    #expect(try needs("list", "--columns", "local,mark") == owners.union([.netAdmin]))
    #expect(try needs("list", "fwmark", "=", "1") == owners.union([.netAdmin]))
    #expect(try needs("list", "netns", "=", "blue") == owners.union([.netAdmin, .sysAdmin]))
    #expect(try needs("list", "--filter", "NetNS=all") == owners.union([.netAdmin, .sysAdmin]))
    #expect(try needs("list", "--record", "f") == owners.union([.dacOverride]))
    #expect(try needs("kill", "-n", "--all") == owners)
    #expect(try needs("stats") == owners && needs("listeners") == owners)
    #expect(try needs("metrics") == owners)
    #expect(try needs("metrics", "--textfile", "f") == owners.union([.dacOverride, .chown]))
  }

  @Test func closingNeedsTheCapability() throws {
    let closing: Capabilities = [.sysPtrace, .dacReadSearch, .netAdmin]
    #expect(try needs("kill", "--all") == closing)
    #expect(try needs("top") == closing)
    #expect(try needs("top", "--netns", "blue") == closing.union([.sysAdmin]))
    #expect(try needs("kill", "--all", "--netns", "blue") == closing.union([.sysAdmin]))
    // The policy file is not read yet. Afterwards, the command keeps less.
    #expect(try needs("policy", "apply", "f") == closing.union([.sysAdmin]))
    #expect(try needs("doctor") == closing.union([.sysAdmin]))
    #expect(try needs("report", "--html", "-") == needs("doctor"), "it runs the same checks")
    #expect(try needs("report", "--html", "f") == needs("doctor").union([.dacOverride, .chown]))
  }
}
