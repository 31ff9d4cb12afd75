package import Connections
package import Operations
package import Scanning

/// The contents of a report as values.
///
/// Names are not escaped.
package struct ReportContents {
  package var place: Place
  package var ipv4 = StateCounts()
  package var ipv6 = StateCounts()
  package var leaks = LeakSurvey()
  /// Whether the history was read. Without it, the growth of leaks is unknown.
  package var history = Part<Void>.unknown("not read")
  package var idle = IdleHistogram([])
  /// Connections that can be idle but whose idle time is unknown.
  package var idleUnknown = 0
  package var queues = Part<[Queue]>.unknown("not read")
  package var acceptFigures = AcceptFigures()
  package var decisions = Part<AuditSummary>.unknown("not read")
  package var findings = Part<[Check]>.unknown("not read")
  /// What could not be read or was left out; escaped text.
  package var gaps: [String] = []
  /// Network namespaces that were left out.
  package var namespaceGaps: [NamespaceGap] = []

  /// A part of the report, or the reason why it is missing.
  package enum Part<Value> {
    case read(Value)
    /// The reason, as escaped text.
    case unknown(String)

    package var value: Value? { if case .read(let value) = self { value } else { nil } }
  }

  /// The origin of the report.
  package struct Place {
    package var version: String
    /// The host name; nil for a recording.
    package var host: String?
    package var kernel: String?
    var networkNamespaces: [String]
    /// Milliseconds since boot.
    package var uptime: UInt64?
    package var time: LogTime
    /// The selection as options; empty for all sockets.
    package var selection: String
    /// The directory of the audit log and the history.
    package var stateFolder: String?
    /// The time to read everything, in milliseconds.
    var took: UInt64
  }

  /// One listening socket and its accept queue.
  package struct Queue {
    /// The local end, as escaped text.
    package var local: String
    /// The accepting processes, as escaped text.
    package var process: String
    package var waiting: Int
    package var backlog: Int
    var isFull: Bool
    /// The fill level: 1 at the backlog.
    package var load: Double
    /// Unfinished handshakes; nil if unknown.
    var synQueue: Int?
    /// All of its connections; nil if unknown.
    package var connections: Int?
    package var closeWait: Int?
    /// The number of sockets that share ``connections``.
    var sharers: Int
    /// What limits the backlog; nil if unknown.
    package var limit: String?
  }

  /// Both families.
  package var states: StateCounts { ipv4 + ipv6 }
}
