package import ProcessTable
package import Rendering

/// The kernel's counters of connections that could not be accepted, and the settings that limit
/// accept queues, in one network namespace. Values that could not be read are nil.
package struct AcceptFigures: Equatable {
  /// Connections refused because an accept queue was full (`ListenOverflows`).
  package var overflows: Int64?
  /// Connection requests and connections dropped by listeners for any reason (`ListenDrops`).
  package var drops: Int64?
  /// Connection requests dropped because a SYN queue was full (`TCPReqQFullDrop`).
  package var synQueueDrops: Int64?
  /// Connection requests answered with a cookie because a SYN queue was full
  /// (`TCPReqQFullDoCookies`).
  package var synQueueCookies: Int64?
  /// `net.core.somaxconn`: the maximum backlog.
  package var longestBacklog: Int64?
  /// `net.ipv4.tcp_max_syn_backlog`: the maximum of connection requests without cookies.
  package var longestSynQueue: Int64?
  /// `net.ipv4.tcp_abort_on_overflow`: whether an overflow resets the connection. Otherwise it is
  /// not answered, and the peer retries.
  package var abortsOnOverflow: Bool?
  /// `net.ipv4.tcp_syncookies`: 0 never, 1 if the SYN queue is full, 2 always.
  package var synCookies: Int64?

  package init() {}

  /// - Parameters:
  ///   - processes: the `/proc` with the counters.
  ///   - settings: the `/proc` with the settings, which are those of the calling thread's
  ///     namespace.
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

  /// The sum over several namespaces. A counter that is unknown in one of them is unknown, and so
  /// is a setting in which they differ.
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
  /// Writes a counter. A negative one is unknown.
  package mutating func member(signed key: StaticString, _ value: Int64?) {
    member(key, value.flatMap { UInt64(exactly: $0) })
  }
}

extension Int64 {
  /// The sum; nil if there is nothing to add, a part is unknown, or it overflows.
  package static func sum(ofKnown parts: [Int64?]) -> Int64? {
    guard !parts.isEmpty else { return nil }
    return parts.reduce(Int64?.some(0)) { sum, part in
      guard let sum, let part else { return nil }
      let (total, overflow) = sum.addingReportingOverflow(part)
      return overflow ? nil : total
    }
  }
}
