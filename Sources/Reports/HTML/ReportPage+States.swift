import Connections
import Operations
import Presentation
import Rendering

extension ReportPage {
  /// Writes the idle times of connections.
  func writeIdle(to page: inout HTMLText) {
    section("idle", "Idle time", to: &page) { page in
      let idle = contents.idle
      note("The time since payload last moved on a connection in either direction.", to: &page)
      if idle.total == 0 {
        page.element(
          "p",
          visible: contents.idleUnknown > 0
            ? "Unknown for all connections." : "No connections that can be idle.")
      } else {
        let count = "\(Count.text(idle.total)) connection\(Count.plural(idle.total))"
        figure("\(count) by idle time, each column up to the time below it", to: &page) { page in
          ReportChart(
            id: "chart-idle", title: "Connections by idle time",
            bars: idle.buckets.map { bucket in
              ReportChart.Bar(
                label: bucket.name, value: bucket.count, text: Count.text(bucket.count),
                look: bucket.isLong ? .warning : .normal)
            }
          ).writeColumns(to: &page)
        }
      }
      if contents.idleUnknown > 0, idle.total > 0 {
        note("Unknown for \(Count.text(contents.idleUnknown)) more.", to: &page)
      }
    }
  }

  /// Writes the sockets by state.
  func writeStates(to page: inout HTMLText) {
    section("states", "States", to: &page) { page in
      let states = contents.states
      let (ipv4, ipv6) = (contents.ipv4.total, contents.ipv6.total)
      note(
        "\(Count.text(states.total)) sockets: \(Count.text(ipv4)) IPv4, \(Count.text(ipv6)) IPv6.",
        to: &page)
      guard states.total > 0 else {
        page.element("p", visible: "No sockets selected.")
        return
      }
      figure("Sockets by state", to: &page) { page in
        ReportChart(
          id: "chart-states", title: "Sockets by state",
          bars: presentStates.map { state in
            ReportChart.Bar(
              label: state.label, value: states[state], text: Count.text(states[state]),
              look: state == .closeWait ? .warning : .normal)
          }
        ).writeRows(to: &page)
      }
    }
  }

  /// Writes what many connections in a state mean.
  func writeMeanings(to page: inout HTMLText) {
    guard !presentStates.isEmpty else { return }
    section("meanings", "Meaning of the states", to: &page) { page in
      ReportTable(
        "What many sockets in a state mean",
        [
          ReportTable.Column(title: "State"),
          ReportTable.Column(title: "Sockets", kind: .number),
          ReportTable.Column(title: "Meaning"),
        ], presentStates
      ) { state in
        [
          ReportTable.Cell(state.label), ReportTable.Cell(Count.text(contents.states[state])),
          ReportTable.Cell(state.explanation),
        ]
      }.write(to: &page)
    }
  }

  /// The states that occur, in the order of a connection's life.
  private var presentStates: [TCPState] {
    (TCPState.lifecycleOrder + [.boundInactive]).filter { contents.states[$0] > 0 }
  }
}
