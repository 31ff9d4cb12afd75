package import ProcessTable
package import Rendering

/// What the kernel counts of connections that could not be accepted, and the settings that limit
/// how many may wait. Both are of a network namespace; what could not be read is nil.
package struct AcceptFigures: Equatable {
  /// Connections refused because an accept queue was full (`ListenOverflows`).
  package var overflows: Int64?
  /// Connect requests and connections dropped by listeners, for whatever reason (`ListenDrops`).
  package var drops: Int64?
  /// Connect requests dropped because a SYN queue was full (`TCPReqQFullDrop`).
  package var synQueueDrops: Int64?
  /// Connect requests answered with a cookie because a SYN queue was full (`TCPReqQFullDoCookies`).
  package var synQueueCookies: Int64?
  /// `net.core.somaxconn`: the longest backlog that a program gets.
  package var longestBacklog: Int64?
  /// `net.ipv4.tcp_max_syn_backlog`: the most connect requests without cookies.
  package var longestSynQueue: Int64?
  /// `net.ipv4.tcp_abort_on_overflow`: whether an overflow resets the connection; otherwise it is
  /// not answered, and the peer tries again.
  package var abortsOnOverflow: Bool?
  /// `net.ipv4.tcp_syncookies`: 0 never, 1 when the SYN queue is full, 2 always.
  package var synCookies: Int64?

  /// Nothing is known.
  package init() {}

  /// What a `/proc` says.
  ///
  /// - Parameters:
  ///   - processes: where the counters are.
  ///   - settings: where the settings are: they are of the namespace that the reading thread is in.
  package init(_ processes: ProcFileSystem, settings: ProcFileSystem) {
    let counters = try? processes.counters(.netstat)
    overflows = counters?["TcpExt", "ListenOverflows"]
    drops = counters?["TcpExt", "ListenDrops"]
    synQueueDrops = counters?["TcpExt", "TCPReqQFullDrop"]
    synQueueCookies = counters?["TcpExt", "TCPReqQFullDoCookies"]
    func setting(_ name: String) -> Int64? { (try? settings.setting(name))?.first }
    longestBacklog = setting("net.core.somaxconn")
    longestSynQueue = setting("net.ipv4.tcp_max_syn_backlog")
    abortsOnOverflow = setting("net.ipv4.tcp_abort_on_overflow").map { $0 != 0 }
    synCookies = setting("net.ipv4.tcp_syncookies")
  }

  /// Those of several namespaces together: what one does not tell is unknown of all, and so is a
  /// setting in which they differ.
  package init(sumOf parts: some Collection<AcceptFigures>) {
    func sum(_ counter: KeyPath<AcceptFigures, Int64?>) -> Int64? {
      .sum(ofKnown: parts.map { $0[keyPath: counter] })
    }
    func common<Value: Equatable>(_ setting: KeyPath<AcceptFigures, Value?>) -> Value? {
      let values = parts.map { $0[keyPath: setting] }
      return values.allSatisfy { $0 == values.first } ? values.first ?? nil : nil
    }
    overflows = sum(\.overflows)
    drops = sum(\.drops)
    synQueueDrops = sum(\.synQueueDrops)
    synQueueCookies = sum(\.synQueueCookies)
    longestBacklog = common(\.longestBacklog)
    longestSynQueue = common(\.longestSynQueue)
    abortsOnOverflow = common(\.abortsOnOverflow)
    synCookies = common(\.synCookies)
  }

  package func write(to json: inout JSONWriter) {
    json.member(signed: "overflows", overflows)
    json.member(signed: "drops", drops)
    json.member(signed: "syn_queue_drops", synQueueDrops)
    json.member(signed: "syn_queue_cookies", synQueueCookies)
    json.object("settings") { json in
      json.member(signed: "somaxconn", longestBacklog)
      json.member(signed: "tcp_max_syn_backlog", longestSynQueue)
      if let abortsOnOverflow {
        json.member("tcp_abort_on_overflow", abortsOnOverflow)
      } else {
        json.null("tcp_abort_on_overflow")
      }
      json.member(signed: "tcp_syncookies", synCookies)
    }
  }
}

extension JSONWriter {
  /// A counter of the kernel; one that makes no sense below zero is unknown then.
  package mutating func member(signed key: StaticString, _ value: Int64?) {
    member(key, value.flatMap { UInt64(exactly: $0) })
  }
}

extension Int64 {
  /// The sum; nil when there is nothing to add, or something of it is unknown.
  package static func sum(ofKnown parts: [Int64?]) -> Int64? {
    guard !parts.isEmpty else { return nil }
    return parts.reduce(Int64?.some(0)) { sum, part in
      guard let sum, let part else { return nil }
      let (total, overflow) = sum.addingReportingOverflow(part)
      return overflow ? nil : total
    }
  }
}
