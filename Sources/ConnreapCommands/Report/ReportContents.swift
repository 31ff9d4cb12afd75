import Connections
import Scanning

/// What `report` tells, as values: nothing here reads anything.
///
/// Names are as processes, peers and policies chose them: whoever prints them escapes them.
struct ReportContents {
  var place: Place
  var ipv4 = StateCounts()
  var ipv6 = StateCounts()
  var leaks = LeakSurvey()
  /// What earlier runs remember; leaks have no growth without it.
  var history = Part<Void>.unknown("not read")
  var idle = IdleHistogram([])
  /// In states in which connections can be idle, and for how long is not known.
  var idleUnknown = 0
  var queues = Part<[Queue]>.unknown("not read")
  var acceptFigures = AcceptFigures()
  var decisions = Part<AuditSummary>.unknown("not read")
  var findings = Part<[Check]>.unknown("not read")
  /// What could not be read, or was left out; visible text.
  var gaps: [String] = []
  /// The network namespaces that were left out.
  var namespaceGaps: [NamespaceGap] = []

  /// A part of the report, or why there is none.
  enum Part<Value> {
    case read(Value)
    /// Why, as visible text.
    case unknown(String)

    var value: Value? { if case .read(let value) = self { value } else { nil } }
  }

  /// Where, when and of what the report is.
  struct Place {
    var version: String
    /// The name of the machine; nil of a recording.
    var host: String?
    var kernel: String?
    var networkNamespaces: [String]
    /// In milliseconds.
    var uptime: UInt64?
    var time: LogTime
    /// The words that selected; empty for every socket.
    var selection: String
    /// Where the audit log and the history are, or would be.
    var stateFolder: String?
    /// How long it took to read everything, in milliseconds.
    var took: UInt64
  }

  /// One listening socket and its accept queue.
  struct Queue {
    /// The local end, as visible text.
    var local: String
    /// Who accepts, as visible text.
    var process: String
    var waiting: Int
    var backlog: Int
    var isFull: Bool
    /// How full it is: 1 at the backlog.
    var load: Double
    /// Nil when that is unknown.
    var synQueue: Int?
    /// All that came to it; nil when that is unknown.
    var connections: Int?
    var closeWait: Int?
    /// How many sockets share ``connections``.
    var sharers: Int
    /// What keeps the backlog from being longer; nil when that is unknown.
    var limit: String?
  }

  /// Both families together.
  var states: StateCounts { ipv4 + ipv6 }
}
