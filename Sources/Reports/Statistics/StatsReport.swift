package import Connections
package import Operations
package import Presentation
package import Rendering
package import Scanning

/// The counts of `stats` at one moment.
package struct StatsReport {
  package let tally: Tally
  /// The groups of `--by`; nil without it.
  package var groups: [ConnectionGroup]?
  package let grouping: Grouping?
  /// Nil if the kernel's figures could not be read.
  package var kernel: KernelCounters?
  /// Whether the selection includes all of ESTABLISHED and CLOSE_WAIT, as the kernel's count does.
  package let countsAllEstablished: Bool
  /// Whether the kernel is known to list sockets that are bound but not connected.
  package var listsBoundSockets = false
  /// When and where the sockets were counted.
  package let moment: ScanMoment
  /// Whether reports repeat, so that each shows its time.
  package var isRepeated = false

  package init(
    tally: Tally, groups: [ConnectionGroup]? = nil, grouping: Grouping?,
    kernel: KernelCounters? = nil, countsAllEstablished: Bool, listsBoundSockets: Bool = false,
    moment: ScanMoment = .unknown, isRepeated: Bool = false
  ) {
    self.tally = tally
    self.groups = groups
    self.grouping = grouping
    self.kernel = kernel
    self.countsAllEstablished = countsAllEstablished
    self.listsBoundSockets = listsBoundSockets
    self.moment = moment
    self.isRepeated = isRepeated
  }

  /// The states to show. Bound sockets are left out if the kernel does not list them: zero would be
  /// a guess.
  package var states: [TCPState] {
    let showsBound = listsBoundSockets || tally.both[.boundInactive] > 0
    return TCPState.lifecycleOrder + (showsBound ? [.boundInactive] : [])
  }

  /// The time to show; nil unless reports repeat.
  var time: String? { isRepeated ? moment.time : nil }

  /// Listed sockets that the kernel counts as established.
  var listedEstablished: Int? {
    countsAllEstablished ? tally.both[.established] + tally.both[.closeWait] : nil
  }

  /// The groups to show with their change since `earlier`. Groups that no longer exist come last.
  package func groups(since earlier: StatsReport?) -> [(group: ConnectionGroup, change: Int)] {
    let groups = groups ?? []
    var before: [ConnectionGroup.Identity: Int] = [:]
    for group in earlier?.groups ?? [] {
      before[group.identity, default: 0] += group.figures.count
    }
    let known = Set(groups.map(\.identity))
    let gone = (earlier?.groups ?? [])
      .filter { $0.figures.count > 0 && !known.contains($0.identity) }.map(\.gone)
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

  private func write(_ group: ConnectionGroup, to json: inout JSONWriter) {
    let figures = group.figures
    json.object { json in
      json.member("by", grouping?.rawValue)
      json.member("key", group.key)
      if let pid = group.pid { json.member("pid", UInt32(pid)) }
      if group.key == nil { json.member("note", group.label) }
      json.member("count", figures.count)
      json.member("idle", figures.knownLongIdle.map(UInt64.init))
      json.member("close_wait", figures.closeWait)
      json.member("oldest_idle_ms", figures.oldestIdle)
      json.member("recv_queue", figures.receiveQueue)
      json.member("send_queue", figures.sendQueue)
    }
  }
}
