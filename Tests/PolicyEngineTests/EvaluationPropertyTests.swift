import Connections
import PolicyEngine
import Selection
import TestSupport
import Testing

/// Properties of evaluation with random rows and policies.
@Suite struct EvaluationPropertyTests {
  private let globs = ["java", "sshd", "n*", "*"].map { text in known(try? Glob(text)) }

  private func row(_ random: inout Seeded) -> SampleRow {
    let names: [String?] = ["java", "sshd", "nginx", nil]
    let owners = (0..<Int.random(in: 0..<3, using: &random)).map { _ in
      process(Int32.random(in: 1..<4, using: &random), names.randomElement(using: &random) ?? nil)
    }
    func time() -> UInt32? { [nil, 0, 500, 1000, 2000].randomElement(using: &random) ?? nil }
    let (acknowledged, received, sent) = (time(), time(), time())
    return SampleRow(
      state: known(TCPState.allCases.randomElement(using: &random)),
      localPort: UInt16.random(in: 20..<24, using: &random),
      peer: "10.0.0.\(Int.random(in: 1..<4, using: &random))",
      inode: Int.random(in: 0..<4, using: &random) == 0 ? 0 : 77,
      userID: UInt32.random(in: 0..<3, using: &random), acknowledged: acknowledged,
      received: received, sent: sent, owners: owners,
      ownersAreComplete: Bool.random(using: &random))
  }

  private func predicate(_ random: inout Seeded, depth: Int = 2) -> SelectionPredicate {
    switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
    case 0: .term(.process(known(globs.randomElement(using: &random))))
    case 1: .term(.states(TCPStateSet(rawValue: UInt32.random(in: 0..<0x4000, using: &random))))
    case 2: .term(.port(.local, 20...UInt16.random(in: 20..<24, using: &random)))
    case 3: .term(.idle(atLeast: 1000))
    case 4: .term(.user(UInt32.random(in: 0..<3, using: &random)))
    case 5: .term(.inState(atLeast: 1000))
    case 6: .not(predicate(&random, depth: depth - 1))
    case 7: .all([predicate(&random, depth: depth - 1), predicate(&random, depth: depth - 1)])
    default: .any([predicate(&random, depth: depth - 1), predicate(&random, depth: depth - 1)])
    }
  }

  private func policy(_ name: Int, _ random: inout Seeded) -> Policy {
    let except = (0..<Int.random(in: 0..<2, using: &random)).map { _ in predicate(&random) }
    let protect = (0..<Int.random(in: 0..<2, using: &random)).map { _ in
      Protection(predicate: predicate(&random, depth: 1), text: "", line: 1)
    }
    return Policy(
      name: "p\(name)", file: "f", line: 1, match: predicate(&random), except: except,
      protect: protect, inState: Int.random(in: 0..<4, using: &random) > 0 ? nil : 1000,
      groupBy: known((Grouping.forPolicies as [Grouping?] + [nil]).randomElement(using: &random)),
      threshold: Int.random(in: 1..<4, using: &random),
      action: Int.random(in: 0..<5, using: &random) == 0 ? .report : .destroy,
      limit: Int.random(in: 1..<20, using: &random))
  }

  @Test(arguments: 0..<8)
  func actsOnlyOnCertainMatches(seed: Int) {
    var random = Seeded(UInt64(seed))
    var acted = 0
    for _ in 0..<100 {
      let table = SampleTable((0..<40).map { _ in row(&random) })
      let set = PolicySet(policies: (0..<3).map { policy($0, &random) })
      let findings = Evaluation.findings(of: table, policies: set)
      #expect(findings == Evaluation.findings(of: table, policies: set), "the same each time")
      var taken: Set<Int> = []
      for found in findings {
        let policy = found.policy
        for row in found.rowsToActOn {
          acted += 1
          let (connection, owners) = (table.connection(at: row), table.owners(at: row))
          func verdict(_ predicate: SelectionPredicate) -> Verdict {
            predicate.verdict(of: connection, owners: owners)
          }
          #expect(policy.action == .destroy)
          #expect(verdict(policy.match) == .yes)
          #expect(policy.except.allSatisfy { verdict($0) == .no })
          #expect(policy.protect.allSatisfy { verdict($0.predicate) == .no })
          if let least = policy.inState {
            #expect(connection.inStateAtLeast.map { UInt64($0) >= least } == true)
          }
          if policy.groupBy == .process { #expect(!table.rows[row].owners.isEmpty) }
          if policy.groupBy == .user { #expect(connection.userID != nil) }
          #expect(taken.insert(row).inserted, "acted on once")
        }
        #expect(found.rowsToActOn.count <= policy.limit)
        #expect(found.undecidedRows.count == found.undecided.total)
        let mentioned =
          found.groups.flatMap(\.rows) + found.spared.map(\.row) + found.undecidedRows
        #expect(Set(mentioned).count == mentioned.count, "each row is in one place")
        #expect(mentioned.count + found.excludedCount <= table.count)
        for group in found.groups {
          #expect(group.rows == group.rows.sorted() && !group.rows.isEmpty)
          if !Set(found.rowsToActOn).isDisjoint(with: group.rows) {
            #expect(group.rows.count >= policy.threshold)
          }
        }
        #expect(found.groups.map(\.rows.count) == found.groups.map(\.rows.count).sorted(by: >))
      }
    }
    #expect(acted > 100, "the property is not empty")
  }

  /// Knowing less about owners never makes a policy act on more.
  @Test func unknownOwnersNeverCauseAnAction() {
    var random = Seeded(99)
    for _ in 0..<100 {
      let rows = (0..<30).map { _ in row(&random) }
      let blind = rows.map { row in
        var row = row
        row.owners = []
        row.ownersAreComplete = false
        return row
      }
      var policy = policy(0, &random)
      policy.threshold = 1
      policy.limit = .max
      let set = PolicySet(policies: [policy])
      func acted(_ rows: [SampleRow]) -> Set<Int> {
        Set(Evaluation.findings(of: SampleTable(rows), policies: set)[0].rowsToActOn)
      }
      #expect(acted(blind).isSubset(of: acted(rows)))
    }
  }
}
