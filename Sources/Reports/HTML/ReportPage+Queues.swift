import Connections
import Operations
import Rendering

extension ReportPage {
  private static let mostBars = 10

  /// Who accepts connections, and whether fast enough.
  func writeQueues(to page: inout HTMLText) {
    section("queues", "Accept queues", to: &page) { page in
      switch contents.queues {
      case .unknown(let reason): page.element("p", visible: "Unknown: \(reason).")
      case .read(let queues) where queues.isEmpty:
        page.element("p", visible: "There is no listening socket that is selected.")
      case .read(let queues): write(queues, to: &page)
      }
      note(counters, to: &page)
    }
  }

  private func write(_ queues: [ReportContents.Queue], to page: inout HTMLText) {
    let waiting = queues.filter { $0.waiting > 0 }
    if waiting.isEmpty {
      page.element("p", visible: "In no accept queue a connection waits.")
    } else {
      figure("Connections that wait to be accepted, against the backlog", to: &page) { page in
        ReportChart(
          id: "chart-queues", title: "How full accept queues are",
          bars: waiting.prefix(Self.mostBars).map { queue in
            ReportChart.Bar(
              label: queue.local, value: queue.waiting,
              text: Self.text(of: queue),
              look: queue.isFull ? .bad : queue.load >= 0.5 ? .warning : .usual,
              full: max(queue.backlog, 1))
          }
        ).writeRows(to: &page)
      }
    }
    ReportTable(
      "Listening sockets, the fullest accept queue first",
      [
        ReportTable.Column(title: "Local end", kind: .name),
        ReportTable.Column(title: "Process", kind: .name),
        ReportTable.Column(title: "Waiting", kind: .number),
        ReportTable.Column(title: "Handshakes", kind: .number),
        ReportTable.Column(title: "Connections", kind: .number),
        ReportTable.Column(title: "CLOSE-WAIT", kind: .number),
        ReportTable.Column(title: "Backlog limited by"),
      ], queues
    ) { queue in
      let shared = queue.sharers > 1 ? ", of \(queue.sharers) sockets" : ""
      return [
        ReportTable.Cell(queue.local, .code), ReportTable.Cell(queue.process),
        ReportTable.Cell(
          Self.text(of: queue), queue.isFull ? .bad : queue.load >= 0.5 ? .warning : nil),
        queue.synQueue.map { ReportTable.Cell(Count.text($0)) } ?? .unknown,
        queue.connections.map { ReportTable.Cell(Count.text($0) + shared) } ?? .unknown,
        queue.closeWait.map { ReportTable.Cell(Count.text($0)) } ?? .unknown,
        queue.limit.map { ReportTable.Cell($0) } ?? .unknown,
      ]
    }.write(to: &page)
  }

  /// `5 of 4, full`.
  private static func text(of queue: ReportContents.Queue) -> String {
    "\(Count.text(queue.waiting)) of \(Count.text(queue.backlog))" + (queue.isFull ? ", full" : "")
  }

  private var counters: String {
    let figures = contents.acceptFigures
    func count(_ value: Int64?) -> String { value.map { Count.text(Int($0)) } ?? "unknown" }
    return "Since this network namespace was made: overflows \(count(figures.overflows)), drops by "
      + "listeners \(count(figures.drops)), drops of a full SYN queue \(count(figures.synQueueDrops))."
  }
}
