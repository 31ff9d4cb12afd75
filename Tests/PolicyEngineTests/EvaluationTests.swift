import Connections
import PolicyEngine
import Selection
import Testing

@Suite struct EvaluationTests {
  @Test func actsOnGroupsThatReachTheThreshold() {
    let rows =
      Array(repeating: SampleRow(), count: 3)
      + Array(repeating: SampleRow(owners: [process(801, "nginx")]), count: 2)
      + [SampleRow(state: .established), SampleRow(owners: [process(9, "sshd")])]
    let found = evaluate(rows, leakPolicy { $0.threshold = 2 })[0]
    #expect(found.groups.map(\.label) == ["java[1744]", "nginx[801]", "sshd[9]"])
    #expect(found.groups.map(\.rows) == [[0, 1, 2], [3, 4], [6]])
    #expect(found.groups.map(\.decision) == [.act, .act, .belowThreshold])
    #expect(found.groups.allSatisfy { $0.threshold == 2 })
    #expect(found.rowsToActOn == [0, 1, 2, 3, 4])
    #expect(found.spared.isEmpty && found.undecided.total == 0 && found.excludedCount == 0)
  }

  @Test(arguments: [(1, true), (2, true), (3, true), (4, false)])
  func thresholdIsInclusive(threshold: Int, acts: Bool) {
    let found = evaluate(
      Array(repeating: SampleRow(), count: 3), leakPolicy { $0.threshold = threshold })[0]
    #expect(found.rowsToActOn == (acts ? [0, 1, 2] : []))
  }

  @Test func sortsGroupsBySizeThenLabel() {
    func row(_ peer: String) -> SampleRow { SampleRow(peer: peer) }
    let rows = [row("10.0.0.3"), row("10.0.0.2"), row("10.0.0.1"), row("10.0.0.3")]
    let found = evaluate(rows, leakPolicy { $0.groupBy = .peer })[0]
    #expect(found.groups.map(\.label) == ["10.0.0.3", "10.0.0.1", "10.0.0.2"])
  }

  @Test(
    arguments: [
      (.process, "java[1744]"), (.user, "app"), (.peer, "10.0.0.9"),
      (.listener, "10.0.0.5:8080"), (nil, "all"), (.unit, "java.service"),
    ] as [(Grouping?, String)])
  func labelsGroupsByTheirKey(grouping: Grouping?, label: String) {
    let found = evaluate([SampleRow()], leakPolicy { $0.groupBy = grouping })[0]
    #expect(found.groups.map(\.label) == [label])
  }

  @Test func containerLabelsAreShortIDs() {
    let ids = [
      "0123456789ab" + String(repeating: "0", count: 52),
      "0123456789ab" + String(repeating: "1", count: 52),
    ]
    let rows = [0, 1, 0].map { SampleRow(controlGroup: "/docker/\(ids[$0])") }
    let found = evaluate(rows, leakPolicy { $0.groupBy = .container })[0]
    #expect(found.groups.map(\.label) == ["0123456789ab", "0123456789ab"])
    #expect(found.groups.map(\.rows) == [[0, 2], [1]])
  }

  @Test func labelsContainersAndPodsByName() {
    let uid = "0c9b6f3e-2b8b-4f0e-9d1e-1234567890ab"
    let id = String(repeating: "0a", count: 32)
    let rows = ["/lxc.payload.web", "/kubepods/pod\(uid)/\(id)", "/lxc.payload.web/init.scope"]
      .map { SampleRow(controlGroup: $0) }
    let containers = evaluate(rows, leakPolicy { $0.groupBy = .container })[0]
    #expect(containers.groups.map(\.label) == ["web", String(id.prefix(12))])
    #expect(containers.groups.map(\.rows) == [[0, 2], [1]])
    let pods = evaluate(rows, leakPolicy { $0.groupBy = .pod })[0]
    #expect(pods.groups.map(\.label) == [uid])
    #expect(pods.groups.map(\.key) == [.pod(KernelName(uid))])
    #expect(pods.undecided.owner == 2)
  }

  /// They may have nothing in common, so they are not grouped.
  @Test(arguments: [nil, "/", "/user.slice"])
  func connectionsWithoutAUnitOrContainerAreUndecided(group: String?) {
    for grouping in [Grouping.unit, .container, .pod] {
      let found = evaluate(
        Array(repeating: SampleRow(controlGroup: group), count: 3),
        leakPolicy { $0.groupBy = grouping }
      )[0]
      #expect(found.groups.isEmpty)
      #expect(found.undecided.owner == 3)
    }
  }

  @Test func labelsFallBackToKnownFacts() {
    func label(_ row: SampleRow, _ grouping: Grouping) -> [String] {
      evaluate([row], leakPolicy { $0.groupBy = grouping })[0].groups.map(\.label)
    }
    #expect(label(SampleRow(userID: 7), .user) == ["7"])
    #expect(label(SampleRow(owners: [process(5, nil, executable: "/opt/x")]), .process) == ["x[5]"])
    #expect(label(SampleRow(owners: [process(5, nil)]), .process) == ["?[5]"])
    #expect(label(SampleRow(local: "::", peer: "::1", family: .ipv6), .listener) == ["*:8080"])
    #expect(label(SampleRow(peer: "fe80::1", family: .ipv6), .peer) == ["fe80::1"])
  }

  /// A peer is the same whether the local socket is IPv4 or IPv6.
  @Test func mappedAddressesGroupWithTheirIPv4Form() {
    let rows = [
      SampleRow(), SampleRow(local: "::ffff:10.0.0.5", peer: "::ffff:10.0.0.9", family: .ipv6),
    ]
    for (grouping, label) in [(Grouping.peer, "10.0.0.9"), (.listener, "10.0.0.5:8080")] {
      let found = evaluate(rows, leakPolicy { $0.groupBy = grouping })[0]
      #expect(found.groups.map(\.label) == [label])
      #expect(found.groups.map(\.rows) == [[0, 1]])
    }
  }

  @Test func groupsByTheLowestPid() {
    let forked = [process(1745, "worker"), process(1744, "java"), process(1746, "worker")]
    let found = evaluate([SampleRow(owners: forked), SampleRow()], leakPolicy())[0]
    #expect(found.groups.map(\.label) == ["java[1744]"])
    #expect(found.groups.map(\.rows) == [[0, 1]])
  }

  @Test func aReusedPidIsAnotherGroup() {
    let later = OwnerProcess(
      identity: ProcessIdentity(pid: 1744, startTicks: 9), name: "java", executable: nil,
      userID: nil)
    let found = evaluate([SampleRow(), SampleRow(owners: [later])], leakPolicy())[0]
    #expect(found.groups.map(\.rows) == [[0], [1]])
  }

  @Test func findsNothingInAnEmptyTable() {
    let found = evaluate([], leakPolicy())[0]
    #expect(found.groups.isEmpty && found.rowsToActOn.isEmpty && found.refusal == nil)
    #expect(evaluate([SampleRow()]) == [])
  }

  @Test func aReportDoesNotClaimConnections() {
    let found = evaluate(
      [SampleRow()],
      leakPolicy("look") {
        $0.action = .report; $0.limit = 1
      }, leakPolicy("close"))
    #expect(found[0].rowsOverThreshold == [0])
    #expect(found[0].rowsToActOn == [])
    #expect(found[1].rowsToActOn == [0])
  }
}

@Suite struct EvaluationLimitTests {
  @Test func aPolicyAboveItsLimitDoesNothing() {
    let rows =
      Array(repeating: SampleRow(), count: 3)
      + Array(repeating: SampleRow(owners: [process(801, "nginx")]), count: 2)
    let found = evaluate(rows, leakPolicy { $0.limit = 4 })[0]
    #expect(found.refusal?.count == 5)
    #expect(found.refusal?.limit == 4)
    #expect(found.rowsToActOn == [])
    #expect(found.rowsOverThreshold == [0, 1, 2, 3, 4])
    #expect(evaluate(rows, leakPolicy { $0.limit = 5 })[0].refusal == nil)
  }

  @Test func onlyActedOnConnectionsCountTowardsTheLimit() {
    let rows =
      Array(repeating: SampleRow(), count: 3)
      + Array(repeating: SampleRow(owners: [process(801, "nginx")]), count: 2)
    let found = evaluate(
      rows,
      leakPolicy {
        $0.limit = 3; $0.threshold = 3
      })[0]
    #expect(found.refusal == nil)
    #expect(found.rowsToActOn == [0, 1, 2])
  }

  @Test func aReportHasNoLimit() {
    let rows = Array(repeating: SampleRow(), count: 3)
    let found = evaluate(
      rows,
      leakPolicy {
        $0.limit = 1; $0.action = .report
      })[0]
    #expect(found.refusal == nil)
    #expect(found.rowsOverThreshold == [0, 1, 2])
  }
}

@Suite struct EvaluationOrderTests {
  @Test func theFirstActingPolicyClaimsTheConnection() {
    let rows = [SampleRow(), SampleRow(localPort: 9090)]
    let port = SelectionPredicate.term(.port(.local, 9090...9090))
    let found = evaluate(
      rows, leakPolicy("first", match: port), leakPolicy("second"), leakPolicy("third"))
    #expect(found[0].rowsToActOn == [1])
    #expect(found[1].rowsToActOn == [0])
    #expect(found[1].spared == [SparedConnection(row: 1, reason: .taken(by: 0))])
    #expect(
      found[2].spared == [
        SparedConnection(row: 0, reason: .taken(by: 1)),
        SparedConnection(row: 1, reason: .taken(by: 0)),
      ])
    #expect(found[2].groups.isEmpty)
  }

  @Test func unclaimedConnectionsAreLeftToTheNextPolicy() {
    let rows = Array(repeating: SampleRow(), count: 2)
    for timid in [
      leakPolicy("timid") { $0.threshold = 3 }, leakPolicy("timid") { $0.limit = 1 },
      leakPolicy("timid") { $0.action = .report }, leakPolicy("timid") { $0.inState = 1_000_000 },
    ] {
      let found = evaluate(rows, timid, leakPolicy("next"))
      #expect(found[0].rowsToActOn == [])
      #expect(found[1].rowsToActOn == [0, 1])
    }
  }

  /// A dump can list a socket twice.
  @Test func connectionsAreClaimedByCookie() {
    let rows = [SampleRow(localPort: 9090, cookie: 5), SampleRow(cookie: 5)]
    let port = SelectionPredicate.term(.port(.local, 9090...9090))
    let found = evaluate(rows, leakPolicy("first", match: port), leakPolicy("second"))
    #expect(found[1].rowsToActOn == [])
  }
}
