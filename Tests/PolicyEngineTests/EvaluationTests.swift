import Connections
import PolicyEngine
import Selection
import Testing

private func policy(
  _ name: String = "leak", match: SelectionPredicate = .term(.states(TCPState.closeWait.asSet)),
  change: (inout Policy) -> Void = { _ in }
) -> Policy {
  var policy = Policy(
    name: name, file: "leaks.yaml", line: 1, match: match, groupBy: .process, action: .destroy)
  change(&policy)
  return policy
}

private func findings(_ rows: [SampleRow], _ policies: Policy...) -> [PolicyFindings] {
  Evaluation.findings(
    of: SampleTable(rows), policies: PolicySet(policies: policies),
    userName: { $0 == 1000 ? "app" : nil })
}

private func protection(_ text: String, _ predicate: SelectionPredicate) -> Protection {
  Protection(predicate: predicate, text: text, line: 2)
}

@Suite struct EvaluationTests {
  @Test func actsOnGroupsThatReachTheThreshold() {
    let rows =
      Array(repeating: SampleRow(), count: 3)
      + Array(repeating: SampleRow(owners: [process(801, "nginx")]), count: 2)
      + [SampleRow(state: .established), SampleRow(owners: [process(9, "sshd")])]
    let found = findings(rows, policy { $0.threshold = 2 })[0]
    #expect(found.groups.map(\.label) == ["java[1744]", "nginx[801]", "sshd[9]"])
    #expect(found.groups.map(\.rows) == [[0, 1, 2], [3, 4], [6]])
    #expect(found.groups.map(\.decision) == [.act, .act, .belowThreshold])
    #expect(found.groups.allSatisfy { $0.threshold == 2 })
    #expect(found.rowsToActOn == [0, 1, 2, 3, 4])
    #expect(found.spared.isEmpty && found.undecided.total == 0 && found.excludedCount == 0)
  }

  @Test(arguments: [(1, true), (2, true), (3, true), (4, false)])
  func thresholdIsInclusive(threshold: Int, acts: Bool) {
    let found = findings(
      Array(repeating: SampleRow(), count: 3), policy { $0.threshold = threshold })[0]
    #expect(found.rowsToActOn == (acts ? [0, 1, 2] : []))
  }

  @Test func sortsGroupsBySizeThenLabel() {
    func row(_ peer: String) -> SampleRow { SampleRow(peer: peer) }
    let rows = [row("10.0.0.3"), row("10.0.0.2"), row("10.0.0.1"), row("10.0.0.3")]
    let found = findings(rows, policy { $0.groupBy = .peer })[0]
    #expect(found.groups.map(\.label) == ["10.0.0.3", "10.0.0.1", "10.0.0.2"])
  }

  @Test(
    arguments: [
      (.process, "java[1744]"), (.user, "app"), (.peer, "10.0.0.9"),
      (.listener, "10.0.0.5:8080"), (nil, "all"), (.unit, "java.service"),
    ] as [(Grouping?, String)])
  func labelsGroupsByTheirKey(grouping: Grouping?, label: String) {
    let found = findings([SampleRow()], policy { $0.groupBy = grouping })[0]
    #expect(found.groups.map(\.label) == [label])
  }

  @Test func containerLabelsAreShortIDs() {
    let ids = [
      "0123456789ab" + String(repeating: "0", count: 52),
      "0123456789ab" + String(repeating: "1", count: 52),
    ]
    let rows = [0, 1, 0].map { SampleRow(controlGroup: "/docker/\(ids[$0])") }
    let found = findings(rows, policy { $0.groupBy = .container })[0]
    #expect(found.groups.map(\.label) == ["0123456789ab", "0123456789ab"])
    #expect(found.groups.map(\.rows) == [[0, 2], [1]])
  }

  @Test func labelsContainersAndPodsByName() {
    let uid = "0c9b6f3e-2b8b-4f0e-9d1e-1234567890ab"
    let id = String(repeating: "0a", count: 32)
    let rows = ["/lxc.payload.web", "/kubepods/pod\(uid)/\(id)", "/lxc.payload.web/init.scope"]
      .map { SampleRow(controlGroup: $0) }
    let containers = findings(rows, policy { $0.groupBy = .container })[0]
    #expect(containers.groups.map(\.label) == ["web", String(id.prefix(12))])
    #expect(containers.groups.map(\.rows) == [[0, 2], [1]])
    let pods = findings(rows, policy { $0.groupBy = .pod })[0]
    #expect(pods.groups.map(\.label) == [uid])
    #expect(pods.groups.map(\.key) == [.pod(KernelName(uid))])
    #expect(pods.undecided.owner == 2)
  }

  /// They may have nothing in common, so they are not grouped.
  @Test(arguments: [nil, "/", "/user.slice"])
  func connectionsWithoutAUnitOrContainerAreUndecided(group: String?) {
    for grouping in [Grouping.unit, .container, .pod] {
      let found = findings(
        Array(repeating: SampleRow(controlGroup: group), count: 3), policy { $0.groupBy = grouping }
      )[0]
      #expect(found.groups.isEmpty)
      #expect(found.undecided.owner == 3)
    }
  }

  @Test func labelsFallBackToKnownFacts() {
    func label(_ row: SampleRow, _ grouping: Grouping) -> [String] {
      findings([row], policy { $0.groupBy = grouping })[0].groups.map(\.label)
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
      let found = findings(rows, policy { $0.groupBy = grouping })[0]
      #expect(found.groups.map(\.label) == [label])
      #expect(found.groups.map(\.rows) == [[0, 1]])
    }
  }

  @Test func groupsByTheLowestPid() {
    let forked = [process(1745, "worker"), process(1744, "java"), process(1746, "worker")]
    let found = findings([SampleRow(owners: forked), SampleRow()], policy())[0]
    #expect(found.groups.map(\.label) == ["java[1744]"])
    #expect(found.groups.map(\.rows) == [[0, 1]])
  }

  @Test func aReusedPidIsAnotherGroup() {
    let later = OwnerProcess(
      identity: ProcessIdentity(pid: 1744, startTicks: 9), name: "java", executable: nil,
      userID: nil)
    let found = findings([SampleRow(), SampleRow(owners: [later])], policy())[0]
    #expect(found.groups.map(\.rows) == [[0], [1]])
  }

  @Test func findsNothingInAnEmptyTable() {
    let found = findings([], policy())[0]
    #expect(found.groups.isEmpty && found.rowsToActOn.isEmpty && found.refusal == nil)
    #expect(findings([SampleRow()]) == [])
  }

  @Test func aReportDoesNotClaimConnections() {
    let found = findings(
      [SampleRow()],
      policy("look") {
        $0.action = .report; $0.limit = 1
      }, policy("close"))
    #expect(found[0].rowsOverThreshold == [0])
    #expect(found[0].rowsToActOn == [])
    #expect(found[1].rowsToActOn == [0])
  }
}

@Suite struct EvaluationSparingTests {
  @Test func exceptionsExclude() {
    let rows = [SampleRow(peer: "10.0.0.9"), SampleRow(peer: "192.0.2.1")]
    let tenNet = known(AddressBlock(known(IPAddress(text: "10.0.0.0")), prefixLength: 8))
    let found = findings(
      rows,
      policy {
        $0.except = [.term(.port(.either, 1...1)), .term(.address(.peer, tenNet))]
      })[0]
    #expect(found.excludedCount == 1)
    #expect(found.rowsToActOn == [1])
  }

  @Test func anUnknownExceptionLeavesItUndecided() throws {
    let ssh = SelectionPredicate.term(.process(try Glob("sshd")))
    let found = findings(
      [SampleRow(ownersAreComplete: false), SampleRow()], policy { $0.except = [ssh] })[0]
    #expect(found.undecided.exception == 1)
    #expect(found.rowsToActOn == [1])
  }

  @Test func protectionsOverrideTheMatch() throws {
    let protect = [
      protection("port: 22", .term(.port(.either, 22...22))),
      protection("process: sshd", .term(.process(try Glob("sshd")))),
    ]
    let rows = [
      SampleRow(), SampleRow(localPort: 22),
      SampleRow(owners: [process(1744, "java"), process(2000, "sshd")]),
      SampleRow(ownersAreComplete: false),
      SampleRow(localPort: 22, ownersAreComplete: false),
    ]
    let found = findings(rows, policy { $0.protect = protect })[0]
    #expect(
      found.spared == [
        SparedConnection(row: 1, reason: .protected(by: 0, certain: true)),
        SparedConnection(row: 2, reason: .protected(by: 1, certain: true)),
        SparedConnection(row: 3, reason: .protected(by: 1, certain: false)),
        SparedConnection(row: 4, reason: .protected(by: 0, certain: true)),
      ])
    #expect(found.rowsToActOn == [0])
  }

  /// A certain protection is named before a possible one.
  @Test func namesACertainProtectionFirst() throws {
    let protect = [
      protection("process: sshd", .term(.process(try Glob("sshd")))),
      protection("port: 22", .term(.port(.either, 22...22))),
    ]
    let found = findings(
      [SampleRow(localPort: 22, ownersAreComplete: false)], policy { $0.protect = protect })[0]
    #expect(
      found.spared == [SparedConnection(row: 0, reason: .protected(by: 1, certain: true))])
  }

  /// States that `ss -a` does not show are protected too.
  @Test(arguments: TCPState.allCases)
  func protectionsAndExceptionsApplyInEveryState(state: TCPState) {
    let rows = [SampleRow(state: state, localPort: 22), SampleRow(state: state, localPort: 23)]
    let match = SelectionPredicate.term(.states(state.asSet))
    let found = findings(
      rows,
      policy(match: match) {
        $0.groupBy = .none
        $0.protect = [protection("port: 22", .term(.port(.either, 22...22)))]
        $0.except = [.term(.port(.either, 23...23))]
      })[0]
    #expect(
      found.spared == [SparedConnection(row: 0, reason: .protected(by: 0, certain: true))])
    #expect(found.excludedCount == 1)
    #expect(found.rowsToActOn == [])
  }

  /// In CLOSE-WAIT for 600 to 700 seconds.
  @Test(
    arguments: [
      (599_000, [0], 0, 0), (600_000, [0], 0, 0), (600_001, [], 0, 1), (700_000, [], 0, 1),
      (700_001, [], 1, 0),
    ] as [(UInt64, [Int], Int, Int)])
  func inStateIsAMinimum(
    least: UInt64, acts: [Int], young: Int, undecided: Int
  ) {
    let found = findings([SampleRow()], policy { $0.inState = least })[0]
    #expect(found.rowsToActOn == acts)
    #expect(found.spared == (0..<young).map { SparedConnection(row: $0, reason: .notLongEnough) })
    #expect(found.undecided.inState == undecided)
    #expect(found.undecided.total == undecided)
  }

  @Test func youngConnectionsDoNotCountTowardsTheThreshold() {
    let rows = [SampleRow(), SampleRow(acknowledged: 10, received: 20)]
    let found = findings(
      rows,
      policy {
        $0.threshold = 2; $0.inState = 1000
      })[0]
    #expect(found.groups.map(\.decision) == [.belowThreshold])
    #expect(found.rowsToActOn == [])
  }

  /// The kernel keeps a time only for CLOSE-WAIT.
  @Test func unknownTimesAreUndecided() {
    let found = findings(
      [SampleRow(state: .established), SampleRow(acknowledged: nil, received: nil)],
      policy(match: .everything) { $0.inState = 1 })[0]
    #expect(found.undecided.inState == 2)
    #expect(found.rowsToActOn == [])
  }
}

@Suite struct EvaluationUnknownTests {
  @Test func anUnknownMatchIsUndecided() throws {
    let java = SelectionPredicate.all([
      .term(.states(TCPState.closeWait.asSet)), .term(.process(try Glob("java"))),
    ])
    let rows = [
      SampleRow(), SampleRow(owners: []), SampleRow(owners: [], ownersAreComplete: false),
      SampleRow(owners: [process(1, nil)]), SampleRow(owners: [process(9, "nginx")]),
    ]
    let found = findings(rows, policy(match: java))[0]
    #expect(found.undecided.match == 3)
    #expect(found.rowsToActOn == [0])
  }

  /// `not process = sshd` cannot be decided if the owner could not be read.
  @Test func negationOfAnUnknownOwnerIsUndecided() throws {
    let match = SelectionPredicate.all([
      .term(.states(TCPState.closeWait.asSet)), .not(.term(.process(try Glob("sshd")))),
    ])
    let found = findings([SampleRow(owners: []), SampleRow()], policy(match: match))[0]
    #expect(found.undecided.match == 1)
    #expect(found.rowsToActOn == [1])
  }

  @Test func groupingNeedsAKnownOwner() {
    let rows = [
      SampleRow(owners: []), SampleRow(state: .finWait2, inode: 0),
      SampleRow(state: .timeWait, inode: 0), SampleRow(inode: 0), SampleRow(inode: 0, owners: []),
    ]
    let byProcess = findings(rows, policy(match: .everything))[0]
    #expect(byProcess.undecided.owner == 4)
    #expect(byProcess.rowsToActOn == [3], "in an accept queue, the listener's owner counts")
    let byUser = findings(rows, policy(match: .everything) { $0.groupBy = .user })[0]
    #expect(byUser.undecided.owner == 4, "uid 0 without an inode does not mean root")
    #expect(byUser.groups.map(\.rows) == [[0]])
    for grouping in [.peer, .listener, nil] as [Grouping?] {
      let found = findings(rows, policy(match: .everything) { $0.groupBy = grouping })[0]
      #expect(found.undecided.total == 0)
    }
  }

  @Test func undecidedConnectionsDoNotCountTowardsTheThreshold() {
    let found = findings([SampleRow(), SampleRow(owners: [])], policy { $0.threshold = 2 })[0]
    #expect(found.rowsToActOn == [])
    #expect(found.undecided.owner == 1)
  }
}

@Suite struct EvaluationLimitTests {
  @Test func aPolicyAboveItsLimitDoesNothing() {
    let rows =
      Array(repeating: SampleRow(), count: 3)
      + Array(repeating: SampleRow(owners: [process(801, "nginx")]), count: 2)
    let found = findings(rows, policy { $0.limit = 4 })[0]
    #expect(found.refusal?.count == 5)
    #expect(found.refusal?.limit == 4)
    #expect(found.rowsToActOn == [])
    #expect(found.rowsOverThreshold == [0, 1, 2, 3, 4])
    #expect(findings(rows, policy { $0.limit = 5 })[0].refusal == nil)
  }

  @Test func onlyActedOnConnectionsCountTowardsTheLimit() {
    let rows =
      Array(repeating: SampleRow(), count: 3)
      + Array(repeating: SampleRow(owners: [process(801, "nginx")]), count: 2)
    let found = findings(
      rows,
      policy {
        $0.limit = 3; $0.threshold = 3
      })[0]
    #expect(found.refusal == nil)
    #expect(found.rowsToActOn == [0, 1, 2])
  }

  @Test func aReportHasNoLimit() {
    let rows = Array(repeating: SampleRow(), count: 3)
    let found = findings(
      rows,
      policy {
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
    let found = findings(rows, policy("first", match: port), policy("second"), policy("third"))
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
      policy("timid") { $0.threshold = 3 }, policy("timid") { $0.limit = 1 },
      policy("timid") { $0.action = .report }, policy("timid") { $0.inState = 1_000_000 },
    ] {
      let found = findings(rows, timid, policy("next"))
      #expect(found[0].rowsToActOn == [])
      #expect(found[1].rowsToActOn == [0, 1])
    }
  }

  /// A dump can list a socket twice.
  @Test func connectionsAreClaimedByCookie() {
    let rows = [SampleRow(localPort: 9090, cookie: 5), SampleRow(cookie: 5)]
    let port = SelectionPredicate.term(.port(.local, 9090...9090))
    let found = findings(rows, policy("first", match: port), policy("second"))
    #expect(found[1].rowsToActOn == [])
  }
}
