import Connections
import PolicyEngine
import Selection
import Testing

let minute: UInt64 = 60_000
let hour = 60 * minute
let day = 24 * hour

func watchedPolicy(_ change: (inout Policy) -> Void = { _ in }) -> Policy {
  var policy = Policy(
    name: "leak", file: "leaks.yaml", line: 1,
    match: .term(.states(TCPState.closeWait.asSet)), groupBy: .process, action: .destroy,
    limit: 1000)
  change(&policy)
  return policy
}

/// Rows in CLOSE-WAIT since `since`, with these cookies.
func leakedRows(_ cookies: ClosedRange<UInt64>, since: UInt64) -> [SampleRow] {
  cookies.map { SampleRow(cookie: $0, since: since) }
}
