import Connections
import Operations
import Rendering

extension ReportPage {
  private static let maximumBars = 10

  /// Writes the listening sockets and their accept queues.
  func writeQueues(to page: inout HTMLText) {
    section("queues", "Accept queues", to: &page) { page in
      switch contents.queues {
      case .unknown(let reason): page.element("p", visible: "Unknown: \(reason).")
      case .read(let queues) where queues.isEmpty:
        page.element("p", visible: "No listening sockets selected.")
      case .read(let queues): write(queues, to: &page)
      }
      note(counters, to: &page)
    }
  }

  private func write(_ queues: [ReportContents.Queue], to page: inout HTMLText) {
    let waiting = queues.filter { $0.waiting > 0 }
    if waiting.isEmpty {
      page.element("p", visible: "No connections are waiting to be accepted.")
    } else {
      figure("Connections waiting to be accepted, relative to the backlog", to: &page) { page in
        ReportChart(
          id: "chart-queues", title: "Load of accept queues",
          bars: waiting.prefix(Self.maximumBars).map { queue in
            ReportChart.Bar(
              label: queue.local, value: queue.waiting,
              text: Self.text(of: queue),
              look: queue.isFull ? .bad : queue.load >= 0.5 ? .warning : .normal,
              full: max(queue.backlog, 1))
          }
        ).writeRows(to: &page)
      }
    }
    ReportTable(
      "Listening sockets, fullest accept queue first",
      [
        ReportTable.Column(title: "Local", kind: .name),
        ReportTable.Column(title: "Process", kind: .name),
        ReportTable.Column(title: "Waiting", kind: .number),
        ReportTable.Column(title: "Handshakes", kind: .number),
        ReportTable.Column(title: "Connections", kind: .number),
        ReportTable.Column(title: "CLOSE-WAIT", kind: .number),
        ReportTable.Column(title: "Backlog limited by"),
      ], queues
    ) { queue in
      let shared = queue.sharers > 1 ? ", shared by \(queue.sharers) sockets" : ""
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
    return
      "Since this network namespace was created: overflows \(count(figures.overflows)), listener "
      + "drops \(count(figures.drops)), SYN queue drops \(count(figures.synQueueDrops))."
  }
}
