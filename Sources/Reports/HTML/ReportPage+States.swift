import Connections
import Operations
import Presentation
import Rendering

extension ReportPage {
  /// For how long connections have been idle.
  func writeIdle(to page: inout HTMLText) {
    section("idle", "How long idle", to: &page) { page in
      let idle = contents.idle
      note("How long no payload has moved on a connection, in either direction.", to: &page)
      if idle.total == 0 {
        page.element(
          "p",
          visible: contents.idleUnknown > 0
            ? "It is known of no connection." : "There is no connection that can be idle.")
      } else {
        let count = "\(Count.text(idle.total)) connection\(Count.plural(idle.total))"
        figure("\(count) by idle time: each column up to the time below it", to: &page) { page in
          ReportChart(
            id: "chart-idle", title: "Connections by idle time",
            bars: idle.buckets.map { bucket in
              ReportChart.Bar(
                label: bucket.name, value: bucket.count, text: Count.text(bucket.count),
                look: bucket.isLong ? .warning : .usual)
            }
          ).writeColumns(to: &page)
        }
      }
      if contents.idleUnknown > 0, idle.total > 0 {
        note(
          "Of \(Count.text(contents.idleUnknown)) more it is unknown.", to: &page)
      }
    }
  }

  /// How many connections are in which state.
  func writeStates(to page: inout HTMLText) {
    section("states", "States", to: &page) { page in
      let states = contents.states
      let (ipv4, ipv6) = (contents.ipv4.total, contents.ipv6.total)
      note(
        "\(Count.text(states.total)) sockets: \(Count.text(ipv4)) of IPv4, \(Count.text(ipv6)) of "
          + "IPv6.", to: &page)
      guard states.total > 0 else {
        page.element("p", visible: "There is no socket that is selected.")
        return
      }
      figure("Sockets by state", to: &page) { page in
        ReportChart(
          id: "chart-states", title: "Sockets by state",
          bars: presentStates.map { state in
            ReportChart.Bar(
              label: state.label, value: states[state], text: Count.text(states[state]),
              look: state == .closeWait ? .warning : .usual)
          }
        ).writeRows(to: &page)
      }
    }
  }

  /// What many connections in each of the states mean.
  func writeMeanings(to page: inout HTMLText) {
    guard !presentStates.isEmpty else { return }
    section("meanings", "What the states mean", to: &page) { page in
      ReportTable(
        "What it means when there are many in a state",
        [
          ReportTable.Column(title: "State"),
          ReportTable.Column(title: "Sockets", kind: .number),
          ReportTable.Column(title: "Many of it mean"),
        ], presentStates
      ) { state in
        [
          ReportTable.Cell(state.label), ReportTable.Cell(Count.text(contents.states[state])),
          ReportTable.Cell(state.meaningOfMany),
        ]
      }.write(to: &page)
    }
  }

  /// The states that something is in, in the order of a connection's life.
  private var presentStates: [TCPState] {
    (TCPState.inOrderOfLife + [.boundInactive]).filter { contents.states[$0] > 0 }
  }
}
