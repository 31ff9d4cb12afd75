import Connections
import PresentationTestSupport
import Rendering
import Testing

@testable import Presentation
@testable import Reports

@Suite("The output of leaks")
struct LeaksTextTests {
  private static let advice = LeakAdvice(
    policyDirectory: "/etc/connreap/policies", program: "/usr/sbin/connreap",
    hasCronDirectory: true)

  private static func scene() -> LeakScene {
    var scene = LeakScene()
    let id = String(repeating: "0a", count: 32)
    scene.add(
      2210, "java", command: ["java", "-jar", "/opt/orders.jar"],
      in: "/system.slice/orders.service", leaks: (0..<240).map { 60_000 + $0 * 30_000 })
    scene.add(
      47, "payments-api", in: "/system.slice/docker-\(id).scope",
      leaks: (0..<12).map { 70_000 + $0 * 60_000 }, localPort: 8080, peer: [10, 0, 3, 9],
      peerPort: 51_000)
    scene.listen(47, on: 8080)
    return scene
  }

  private func text(
    _ report: LeaksReport, width: Int?, format: OutputFormat = .table
  ) throws -> String {
    let content = LeaksText(report, advice: Self.advice)
    return try printedText { stream in
      try LeaksText.printers[format](content, Table.Layout(width: width), &stream)
    }
  }

  @Test(arguments: [80, 100, 160])
  func theTableFitsTheTerminal(width: Int) throws {
    let text = try text(Self.scene().report(), width: width)
    let table = text.split(separator: "\n", omittingEmptySubsequences: false)
      .prefix { !$0.isEmpty }
    #expect(table.allSatisfy { EscapedText.width(of: $0.utf8) <= width }, "\(text)")
    #expect(text.contains("orders.jar[2210]") && text.contains("10.0.0.20:5432"))
    try expectGolden(text, "leaks-\(width).txt")
  }

  @Test func wideTablesHaveAllColumnsWhateverTheTerminal() throws {
    let text = try text(Self.scene().report(), width: 80, format: .wide)
    try expectGolden(text, "leaks-wide.txt")
  }

  @Test func csvHasOneLineForEachGroup() throws {
    let text = try text(Self.scene().report(), width: nil, format: .csv)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[0].split(separator: ",").count == LeakFields.names.count)
    #expect(
      lines[1].hasPrefix("orders.jar,orders.jar,2210,1,orders.service,,,1000,240,,240,0,121,"))
  }

  @Test func jsonHasEverything() throws {
    try expectGolden(try text(Self.scene().report(), width: nil, format: .json), "leaks.json")
  }

  @Test func withoutLeaksTheNextStepIsIdleConnections() throws {
    var scene = LeakScene()
    #expect(
      try text(scene.report(), width: 80)
        == "No leaks: 0 connections, none in CLOSE-WAIT for at least 1m.\n")
    scene.add(801, "nginx", leaks: [5], idle: [7_200_000, 7_200_000, 1])
    #expect(
      try text(scene.report(), width: 80) == """
        No leaks: 4 connections of 1 program, none in CLOSE-WAIT for at least 1m.
        2 connections have been idle for over 1h (nginx[801]): connreap list --idle 1h

        """)
  }

  @Test func oneLeakIsCountedInTheFirstLine() throws {
    var scene = LeakScene()
    scene.add(10, "app", leaks: [120_000, 120_000])
    let text = try text(scene.report(), width: 80)
    #expect(text.hasPrefix("1 program leaks connections: app[10], 2 so far.\n"))
  }

  @Test func columnsWithoutValuesAreOmitted() throws {
    var scene = LeakScene()
    scene.add(10, "app", leaks: [120_000])
    let heading = try text(scene.report(), width: nil).split(separator: "\n")[1]
    #expect(heading.split(separator: " ") == ["PROGRAM", "LEAKED", "SINCE", "FDS", "MAIN", "PEER"])
  }

  @Test func theFirstLineNamesWhatIsCounted() throws {
    let scene = Self.scene()
    for (grouping, text) in [
      (Grouping.process, "2 processes leak"), (.container, "2 containers leak"),
      (.peer, "2 peers have leaked"), (.unit, "2 units leak"), (.pod, "1 pod leaks"),
    ] {
      let line = LeakSummary(try scene.search(by: grouping)).line
      #expect(line.hasPrefix(text), "\(line)")
    }
  }
}

@Suite("The advice of leaks")
struct LeakAdviceTests {
  private func remedy() throws -> (LeakRemedy, LeakGroup) {
    var scene = LeakScene()
    scene.add(10, "app", leaks: [120_000])
    let report = try scene.report()
    return (try #require(report.remedies[0]), report.search.groups[0])
  }

  @Test func withAPolicyDirectoryAndCronTheLeakIsKeptClosed() throws {
    let advice = LeakAdvice(
      policyDirectory: "/etc/connreap/policies", program: "/opt/my tools/connreap",
      hasCronDirectory: true)
    let (remedy, group) = try remedy()
    let selection = "--process app --state close-wait --idle 1m --in-state 1m"
    #expect(
      advice.keeping(remedy) == [
        "connreap policy new app-leak \(selection) > /etc/connreap/policies/app-leak.yaml",
        "connreap policy plan /etc/connreap/policies/app-leak.yaml",
        #"echo '*/5 * * * * root '\''/opt/my tools/connreap'\'' policy apply --quiet "#
          + "/etc/connreap/policies' > /etc/cron.d/connreap",
      ])
    let lines = advice.text(remedy, for: group).split(separator: "\n")
    #expect(lines[0] == "Close the connections of app now (it asks first):")
    #expect(lines[1] == "  connreap kill \(selection)")
    #expect(lines.count == 6 && lines[2].hasSuffix("and apply it every 5 minutes:"))
  }

  @Test func aMissingDirectoryIsCreatedFirst() throws {
    let advice = LeakAdvice(
      policyDirectory: "/etc/connreap/policies", createsDirectory: true, program: nil,
      hasCronDirectory: true)
    let commands = advice.keeping(try remedy().0)
    #expect(commands.first == "install -d -m 755 /etc/connreap/policies" && commands.count == 3)
  }

  @Test func withoutThemThePolicyGoesToTheCurrentDirectory() throws {
    let advice = LeakAdvice(policyDirectory: nil, program: "/x", hasCronDirectory: true)
    let (remedy, group) = try remedy()
    let commands = advice.keeping(remedy)
    #expect(commands.count == 2 && commands[0].hasSuffix("> app-leak.yaml"))
    #expect(advice.text(remedy, for: group).contains("run 'connreap policy apply' from cron"))
  }
}
