import Connections
import PolicyEngine
import Selection
import Testing

func leakPolicy(
  _ name: String = "leak", match: SelectionPredicate = .term(.states(TCPState.closeWait.asSet)),
  change: (inout Policy) -> Void = { _ in }
) -> Policy {
  var policy = Policy(
    name: name, file: "leaks.yaml", line: 1, match: match, groupBy: .process, action: .destroy)
  change(&policy)
  return policy
}

func evaluate(_ rows: [SampleRow], _ policies: Policy...) -> [PolicyFindings] {
  Evaluation.findings(
    of: SampleTable(rows), policies: PolicySet(policies: policies),
    userName: { $0 == 1000 ? "app" : nil })
}

func protecting(_ text: String, _ predicate: SelectionPredicate) -> Protection {
  Protection(predicate: predicate, text: text, line: 2)
}
