package import Connections
package import Operations
package import Presentation
package import Rendering
package import Scanning

/// The counts of `stats` at one moment.
package struct StatsReport {
  package let tally: Tally
  /// The groups of `--by`; nil without it.
  package var groups: [CombinedGroup]?
  /// The keys of `--by`; empty without it.
  package let groupings: [Grouping]
  /// Nil if the kernel's figures could not be read.
  package var kernel: KernelCounters?
  /// The states of which the selection includes every socket, so that the kernel's counters compare.
  package let wholeStates: Set<TCPState>
  /// Whether the kernel is known to list sockets that are bound but not connected.
  package var listsBoundSockets = false
  /// When and where the sockets were counted.
  package let moment: ScanMoment

  package init(
    tally: Tally, groups: [CombinedGroup]? = nil, groupings: [Grouping] = [],
    kernel: KernelCounters? = nil, wholeStates: Set<TCPState>, listsBoundSockets: Bool = false,
    moment: ScanMoment = .unknown
  ) {
    self.tally = tally
    self.groups = groups
    self.groupings = groupings
    self.kernel = kernel
    self.wholeStates = wholeStates
    self.listsBoundSockets = listsBoundSockets
    self.moment = moment
  }

  /// All states. Bound sockets are left out if the kernel does not list them: zero would be a guess.
  package var states: [TCPState] {
    let showsBound = listsBoundSockets || tally.both[.boundInactive] > 0
    return TCPState.lifecycleOrder + (showsBound ? [.boundInactive] : [])
  }

  /// The number of listed sockets in `states`; nil if the selection does not include all of them.
  func listed(in states: TCPState...) -> Int? {
    guard states.allSatisfy(wholeStates.contains) else { return nil }
    return states.reduce(0) { $0 + tally.both[$1] }
  }

  /// The time since `earlier` in milliseconds; nil if unknown.
  func elapsed(since earlier: StatsReport) -> UInt64? {
    guard let now = moment.uptime, let then = earlier.moment.uptime, now > then else { return nil }
    return now - then
  }

  /// The groups with their change since `earlier`. Groups that no longer exist come last, without
  /// connections.
  package func groups(since earlier: StatsReport?) -> [(group: CombinedGroup, change: Int)] {
    let groups = groups ?? []
    var before: [[ConnectionGroup.Identity]: Int] = [:]
    for group in earlier?.groups ?? [] {
      before[group.identity, default: 0] += group.figures.count
    }
    let known = Set(groups.map(\.identity))
    let gone = (earlier?.groups ?? []).filter { !known.contains($0.identity) }.map(\.gone)
    return (groups + gone).map { ($0, $0.figures.count - before[$0.identity, default: 0]) }
  }

  /// Writes one JSON document on one line.
  package func write(to json: inout JSONWriter) {
    json.object { json in
      moment.write(to: &json)
      json.member("total", tally.both.total)
      json.object("states") { json in
        for state in states { json.member(named: state.name, UInt64(tally.both[state])) }
      }
      json.object("families") { json in
        json.member("ipv4", tally.ipv4.total)
        json.member("ipv6", tally.ipv6.total)
      }
      json.array("groups") { json in
        for group in groups ?? [] { write(group, to: &json) }
      }
      if let kernel { kernel.write(to: &json) } else { json.null("kernel") }
      json.member("undecided", tally.undecided)
      json.member("unreadable_namespaces", tally.namespaceGaps.count)
    }
    json.endDocument()
  }

  private func write(_ group: CombinedGroup, to json: inout JSONWriter) {
    let figures = group.figures
    json.object { json in
      if let only = group.parts.first, group.parts.count == 1 {
        write(only, groupings.first, to: &json)
      } else {
        json.array("keys") { json in
          for (part, grouping) in zip(group.parts, groupings) {
            json.object { write(part, grouping, to: &$0) }
          }
        }
      }
      json.member("count", figures.count)
      json.member("idle", figures.knownLongIdle.map(UInt64.init))
      json.member("close_wait", figures.closeWait)
      json.member("oldest_idle_ms", figures.oldestIdle)
      json.member("recv_queue", figures.receiveQueue)
      json.member("send_queue", figures.sendQueue)
    }
  }

  private func write(_ part: ConnectionGroup, _ grouping: Grouping?, to json: inout JSONWriter) {
    json.member("by", grouping?.rawValue)
    json.member("key", part.key)
    if let pid = part.pid { json.member("pid", UInt32(pid)) }
    if part.key == nil { json.member("note", part.label) }
  }
}
