import Testing

/// Units whose names systemd has escaped: a backslash in a name is a backslash.
@Suite(.waitsForPrograms, .needsNamespaces, .needsControlGroups) struct EscapedUnitTests {
  let namespace: NetworkNamespace
  let service: TestControlGroup
  let other: TestControlGroup
  static let unit = #"my\x2dapp.service"#

  init() throws {
    let slice = try TestControlGroup()
    service = try TestControlGroup(in: slice, Self.unit)
    other = try TestControlGroup(in: slice, "my-app.service")
    namespace = try NetworkNamespace()
    try service.take(namespace.server.pid)
  }

  /// A connection in CLOSE_WAIT at the end of the escaped unit's program; the other end is of
  /// `my-app.service`.
  private func closeWait() throws -> Socket {
    let outside = try namespace.anotherPeer()
    try other.take(outside.pid)
    let pair = try namespace.pair(port: 8080, client: outside)
    try pair.client.finish()
    return pair.server
  }

  @Test(arguments: [
    ["--unit", unit], ["--unit", #"my\x2dapp"#], ["--unit", #"my\x2d*"#],
    ["--unit", #"my\\x2dapp"#],
    ["--unit", #"my?x2dapp"#], ["--unit", "no-such,\(unit)"], ["--filter", "unit = \(unit)"],
    ["--filter", #"unit = "my\x2dapp.service""#], ["--filter", #"not unit = my-app"#],
  ])
  func matchesItself(options: [String]) throws {
    let leak = try closeWait()
    let rows = try namespace.rows(["--state", "close-wait"] + options)
    #expect(rows.map(\.cookie) == [leak.cookie])
    #expect(rows.map(\.unit) == [Self.unit])
  }

  @Test(arguments: ["my-app", "my-app.service", "myx2dapp", #"my\-app"#])
  func isNoOtherUnit(pattern: String) throws {
    _ = try closeWait()
    #expect(try namespace.rows("--state", "close-wait", "--unit", pattern).isEmpty)
  }

  @Test func isTakenFromTheOutputAsItIs() throws {
    let leak = try closeWait()
    let csv = try namespace.connreap(
      "list", "--state", "close-wait", "-o", "json", "--columns", "unit")
    let unit = try #require(try Listing(csv).connections.first?.unit)
    #expect(try namespace.rows("--unit", unit).map(\.cookie) == [leak.cookie])
  }

  @Test(arguments: [
    "protect: [{unit: '\(unit)'}]", "protect: [{filter: 'unit = \(unit)'}]",
    #"protect: [{unit: "my\\x2dapp"}]"#, "protect: [{unit: my\\x2dapp*}]",
  ])
  func isProtectedByAPolicy(protection: String) throws {
    _ = try closeWait()
    let policies = "policies: [{name: x, match: {state: close-wait}, action: destroy, limit: 9}]"
    let file = try namespace.state.write("x.yaml", "version: 1\n\(protection)\n\(policies)\n")
    let plan = try namespace.connreap("policy", "plan", "--state-dir", namespace.state.path, file)
    #expect(plan.status == 0 && plan.errorText.isEmpty, "\(plan.errorText)")
    #expect(plan.text.contains("1 spared: protected by"), "\(plan.text)")
    #expect(!plan.text.contains("close 1"), "\(plan.text)")
  }

  @Test func isMatchedByAPolicy() throws {
    _ = try closeWait()
    let file = try namespace.state.write(
      "x.yaml",
      """
      version: 1
      policies:
        - {name: x, match: {state: close-wait, unit: '\(Self.unit)'}, action: report, group-by: unit}
      """)
    let plan = try namespace.connreap("policy", "plan", "--state-dir", namespace.state.path, file)
    #expect(plan.text.contains("report 1"), "\(plan.text)")
  }
}
