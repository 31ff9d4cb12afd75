import Connections
import Operations
import Presentation
import Rendering
import Scanning
import Screens

/// What the details pane shows of a group.
struct TopGroupSummary {
  private let group: TopView.Group
  private let processes: [ConnectionGroup]
  private let processCount: Int
  private let peers: [ConnectionGroup]
  private let peerCount: Int

  /// The number of processes and of peers that are named.
  private static let maximumNames = 8

  init(of group: TopView.Group, in scan: TopScan) {
    self.group = group
    (processes, processCount) = Self.largest(.process, of: group, in: scan)
    (peers, peerCount) = Self.largest(.peer, of: group, in: scan)
  }

  private static func largest(
    _ grouping: Grouping, of group: TopView.Group, in scan: TopScan
  ) -> (groups: [ConnectionGroup], count: Int) {
    var indices: [GroupingKey: Int] = [:]
    var found: [(key: GroupingKey, figures: ConnectionGroup.Figures)] = []
    for place in group.members {
      let connection = scan.connections[Int(place)]
      let key = grouping.key(of: connection, in: scan.snapshot)
      let index = indices[key] ?? found.count
      if index == found.count {
        indices[key] = index
        found.append((key, ConnectionGroup.Figures()))
      }
      found[index].figures.add(connection)
    }
    let sorted = found.indices.sorted { lhs, rhs in
      let (count, other) = (found[lhs].figures.count, found[rhs].figures.count)
      return count == other ? lhs < rhs : count > other
    }
    let largest = sorted.prefix(maximumNames).map { index in
      var group = ConnectionGroup(found[index].key, in: scan.snapshot, names: scan.text.names)
      group.figures = found[index].figures
      return group
    }
    let named = largest.sorted { lhs, rhs in
      let (count, other) = (lhs.figures.count, rhs.figures.count)
      return count == other ? KernelName(lhs.label) < KernelName(rhs.label) : count > other
    }
    return (named, found.count)
  }

  /// The lines of the pane, wrapped to `width` columns.
  func lines(_ trends: TopTrends, width: Int) -> [ScreenLine] {
    let figures = group.group.figures
    var lines = ScreenLine.fact("Connections", Count.text(figures.count), width: width)
    for state in TCPState.lifecycleOrder where group.states[state] > 0 {
      lines += ScreenLine.fact(
        "", "\(Count.text(group.states[state])) \(state.label)",
        state == .closeWait ? ScreenLook(.red) : .plain, width: width)
    }
    lines += ScreenLine.fact("Change", change(trends), width: width)
    let bars = trends.trend(of: group.group, width: width - TopDetails.margin)
    if !bars.isEmpty {
      lines += ScreenLine.fact("CLOSE-WAIT", bars, ScreenLook(.red), width: width)
    }
    let oldest =
      figures.oldestIdle.map { DurationText.rounded(milliseconds: UInt64($0)) } ?? "–"
    lines += ScreenLine.fact("Longest idle", oldest, width: width)
    lines += ScreenLine.fact(
      "Idle 1h+", figures.knownLongIdle.map(Count.text) ?? "–", width: width)
    lines += ScreenLine.fact("Sent", group.sent.text + "/s", width: width)
    lines += ScreenLine.fact("Received", group.received.text + "/s", width: width)
    lines += ScreenLine.fact("Recv-Q", Count.bytes(figures.receiveQueue), width: width)
    lines += ScreenLine.fact("Send-Q", Count.bytes(figures.sendQueue), width: width)
    lines += Self.names("Processes", processes, processCount, width)
    lines += Self.names("Peers", peers, peerCount, width)
    return lines
  }

  /// `+12 in 2m10s, 5.5 per minute`.
  private func change(_ trends: TopTrends) -> String {
    guard let change = trends.change(of: group.group) else { return "–" }
    let time = trends.elapsed
    let text = "\(Count.difference(change) ?? "0") in \(TopModel.text(time))"
    // A rate from a short time would be a guess.
    guard change != 0, time >= .seconds(30) else { return text }
    let tenths = Int((Double(abs(change)) * 600 / (time / .seconds(1))).rounded())
    return text + ", \(change < 0 ? "-" : "+")\(Count.text(tenths / 10)).\(tenths % 10)/min"
  }

  private static func names(
    _ title: String, _ groups: [ConnectionGroup], _ count: Int, _ width: Int
  ) -> [ScreenLine] {
    let counts = groups.map { Count.text($0.figures.count) }
    let widest = counts.map(\.utf8.count).max() ?? 0
    var lines = groups.indices.flatMap { index in
      let padding = String(repeating: " ", count: widest - counts[index].utf8.count)
      return ScreenLine.fact(
        index == 0 ? title : "",
        "\(padding)\(counts[index])  \(EscapedText.escaped(groups[index].label))", width: width)
    }
    if count > groups.count {
      lines += ScreenLine.fact(
        "", "\(Count.text(count - groups.count)) more", ScreenLook(nil, .dim), width: width)
    }
    return lines
  }
}
