import ArgumentParser
import Privileges

/// A command of the contract that this version does not have yet: it says so, and fails.
protocol NotBuiltCommand: ParsableCommand, PrivilegedCommand {
  static var name: String { get }
}

extension NotBuiltCommand {
  var needs: Set<Capability> { [] }

  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: name, abstract: "Not built yet in this version.", shouldDisplay: false)
  }

  func run() throws {
    throw CommandFailure(.usage, "'connreap \(Self.name)' is not built yet in this version")
  }
}

struct TopCommand: NotBuiltCommand {
  static let name = "top"
  @Argument(parsing: .captureForPassthrough, help: .hidden) var arguments: [String] = []
}
