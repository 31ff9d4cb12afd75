import ArgumentParser
import Connections
import Operations
import Presentation
import Privileges
import Rendering
import Reports
import Selection

// `connreap` alone: on a terminal, whether there are leaks and how to continue; otherwise the help.
extension ConnreapCommand {
  /// The capabilities for the overview.
  static var overviewNeeds: Capabilities {
    Capabilities.owners.union(PrivilegedStep.enteringNamespace.needs)
  }

  /// Prints two lines about leaks.
  public func run() throws {
    guard Terminal.of(Standard.output, columns: nil).isTerminal else {
      throw CleanExit.helpRequest(self)
    }
    let examined = try LeaksExamination.prepared(
      .kernel(), selecting: .everything, netns: [], stateDir: nil, rule: LeakRule(), by: .program)
    let report = try examined.report()
    for notice in examined.notices(about: report) { Standard.report("connreap: \(notice)\n") }
    try OutputStyle(format: .table, color: .auto).print(
      TextOrJSON(text: { _, stream in
        try stream.write(LeakSummary(report.search).line + "\n")
        try stream.write(Self.next(report.search.groups.isEmpty) + "\n")
      }))
  }

  /// How to continue.
  private static func next(_ isWell: Bool) -> String {
    isWell
      ? "'connreap --help' lists the commands; 'connreap list --idle 1h' lists idle connections."
      : "'connreap leaks' shows them and what to do; 'connreap --help' lists the commands."
  }
}
