import Connections
import Operations
import Presentation
import Rendering

/// The result of a search for leaks in one or two lines.
package struct LeakSummary {
  private let search: LeakSearch

  package init(_ search: LeakSearch) { self.search = search }

  /// `3 programs leak connections; orders.jar[2210] leaks the most.`, or that there are none.
  package var line: String {
    guard let worst = search.groups.first else { return noLeaks }
    let leaking = search.groups.count { $0.leaked > 0 }
    guard leaking > 0 else {
      let (noun, verb) = subject(search.groups.count)
      return "No leaked connections, but \(noun) \(verb == "leaks" ? "holds" : "hold") dead "
        + "descriptors; \(worst.name) holds the most."
    }
    let (noun, verb) = subject(leaking)
    guard leaking > 1 else {
      return "\(noun) \(verb) connections: \(worst.name), \(Count.text(worst.leaked)) so far."
    }
    return "\(noun) \(verb) connections; \(worst.name) leaks the most."
  }

  /// Idle connections and the command that lists them; nil if there are none.
  package var idleLine: String? {
    let (count, label) = search.longIdle
    guard count > 0 else { return nil }
    let have = count == 1 ? "connection has" : "connections have"
    let holder = label.map { " (\(EscapedText.escaped($0)))" } ?? ""
    return "\(Count.text(count)) \(have) been idle for over 1h\(holder): connreap list --idle 1h"
  }

  private var noLeaks: String {
    let time = DurationText.exact(milliseconds: search.rule.leakedAfter)
    let (count, programs) = (search.connectionCount, search.programCount)
    let held = programs > 0 ? " of \(Count.text(programs)) program\(Count.plural(programs))" : ""
    let idle =
      search.rule.idle.map {
        " and none idle for at least \(DurationText.exact(milliseconds: $0))"
      } ?? ""
    return "No leaks: \(Count.text(count)) connection\(Count.plural(count))\(held), "
      + "none in CLOSE-WAIT for at least \(time)\(idle)."
  }

  /// `3 programs` and the verb for it.
  private func subject(_ count: Int) -> (noun: String, verb: String) {
    let noun =
      switch search.grouping {
      case .process: count == 1 ? "process" : "processes"
      case .unit: "unit\(Count.plural(count))"
      case .container: "container\(Count.plural(count))"
      case .pod: "pod\(Count.plural(count))"
      case .peer: "peer\(Count.plural(count))"
      default: "program\(Count.plural(count))"
      }
    let isPeer = search.grouping == .peer
    return (
      "\(Count.text(count)) \(noun)",
      isPeer ? (count == 1 ? "has leaked" : "have leaked") : (count == 1 ? "leaks" : "leak")
    )
  }
}
