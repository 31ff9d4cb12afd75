package import Connections
package import Operations
package import Scanning

/// What `report` tells, as values: nothing here reads anything.
///
/// Names are as processes, peers and policies chose them: whoever prints them escapes them.
package struct ReportContents {
  package var place: Place
  package var ipv4 = StateCounts()
  package var ipv6 = StateCounts()
  package var leaks = LeakSurvey()
  /// What earlier runs remember; leaks have no growth without it.
  package var history = Part<Void>.unknown("not read")
  package var idle = IdleHistogram([])
  /// In states in which connections can be idle, and for how long is not known.
  package var idleUnknown = 0
  package var queues = Part<[Queue]>.unknown("not read")
  package var acceptFigures = AcceptFigures()
  package var decisions = Part<AuditSummary>.unknown("not read")
  package var findings = Part<[Check]>.unknown("not read")
  /// What could not be read, or was left out; visible text.
  package var gaps: [String] = []
  /// The network namespaces that were left out.
  package var namespaceGaps: [NamespaceGap] = []

  /// A part of the report, or why there is none.
  package enum Part<Value> {
    case read(Value)
    /// Why, as visible text.
    case unknown(String)

    package var value: Value? { if case .read(let value) = self { value } else { nil } }
  }

  /// Where, when and of what the report is.
  package struct Place {
    package var version: String
    /// The name of the machine; nil of a recording.
    package var host: String?
    package var kernel: String?
    var networkNamespaces: [String]
    /// In milliseconds.
    package var uptime: UInt64?
    package var time: LogTime
    /// The words that selected; empty for every socket.
    package var selection: String
    /// Where the audit log and the history are, or would be.
    package var stateFolder: String?
    /// How long it took to read everything, in milliseconds.
    var took: UInt64
  }

  /// One listening socket and its accept queue.
  package struct Queue {
    /// The local end, as visible text.
    package var local: String
    /// Who accepts, as visible text.
    package var process: String
    package var waiting: Int
    package var backlog: Int
    var isFull: Bool
    /// How full it is: 1 at the backlog.
    package var load: Double
    /// Nil when that is unknown.
    var synQueue: Int?
    /// All that came to it; nil when that is unknown.
    package var connections: Int?
    package var closeWait: Int?
    /// How many sockets share ``connections``.
    var sharers: Int
    /// What keeps the backlog from being longer; nil when that is unknown.
    package var limit: String?
  }

  /// Both families together.
  package var states: StateCounts { ipv4 + ipv6 }
}
