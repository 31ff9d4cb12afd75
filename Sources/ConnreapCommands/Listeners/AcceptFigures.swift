import ProcessTable

/// What the kernel counts of connections that could not be accepted, and the settings that limit
/// how many may wait. Both are of the reader's network namespace; what could not be read is nil.
struct AcceptFigures: Equatable {
  /// Connections refused because an accept queue was full (`ListenOverflows`).
  var overflows: Int64?
  /// Connect requests and connections dropped by listeners, for whatever reason (`ListenDrops`).
  var drops: Int64?
  /// Connect requests dropped because a SYN queue was full (`TCPReqQFullDrop`).
  var synQueueDrops: Int64?
  /// Connect requests answered with a cookie because a SYN queue was full (`TCPReqQFullDoCookies`).
  var synQueueCookies: Int64?
  /// `net.core.somaxconn`: the longest backlog that a program gets.
  var longestBacklog: Int64?
  /// `net.ipv4.tcp_max_syn_backlog`: the most connect requests without cookies.
  var longestSynQueue: Int64?
  /// `net.ipv4.tcp_abort_on_overflow`: whether an overflow resets the connection; otherwise it is
  /// not answered, and the peer tries again.
  var abortsOnOverflow: Bool?
  /// `net.ipv4.tcp_syncookies`: 0 never, 1 when the SYN queue is full, 2 always.
  var synCookies: Int64?

  /// Nothing is known.
  init() {}

  /// What `processes`, a `/proc`, says.
  init(_ processes: ProcFileSystem) {
    let counters = try? processes.counters(.netstat)
    overflows = counters?["TcpExt", "ListenOverflows"]
    drops = counters?["TcpExt", "ListenDrops"]
    synQueueDrops = counters?["TcpExt", "TCPReqQFullDrop"]
    synQueueCookies = counters?["TcpExt", "TCPReqQFullDoCookies"]
    func setting(_ name: String) -> Int64? { (try? processes.setting(name))?.first }
    longestBacklog = setting("net.core.somaxconn")
    longestSynQueue = setting("net.ipv4.tcp_max_syn_backlog")
    abortsOnOverflow = setting("net.ipv4.tcp_abort_on_overflow").map { $0 != 0 }
    synCookies = setting("net.ipv4.tcp_syncookies")
  }

  func write(to json: inout JSONWriter) {
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
  mutating func member(signed key: StaticString, _ value: Int64?) {
    member(key, value.flatMap { UInt64(exactly: $0) })
  }
}
