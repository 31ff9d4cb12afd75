import Connections
package import Netlink
package import ProcessTable
import Rendering
package import Scanning
import SocketDiagnostics
import SystemPackage

/// What connections are read from: the running kernel, or a recording.
package struct ConnectionSource {
  package let processes: ProcFileSystem
  /// The `/proc` whose `net` shows the counters of the source's network namespace.
  package let counters: ProcFileSystem
  package let moment: ScanMoment
  /// Whether owners can be found. A recording without a copy of `/proc` has none.
  package let knowsOwners: Bool
  /// Whether this is the running kernel, so that connections can be closed.
  package let isLive: Bool
  package let openTransport: () throws(NetlinkProblem) -> any NetlinkTransport
  private let recorder: ConversationRecorder?

  /// - Parameter counters: nil for `processes`.
  init(
    processes: ProcFileSystem, counters: ProcFileSystem? = nil, moment: ScanMoment,
    knowsOwners: Bool = true, isLive: Bool = true, recorder: ConversationRecorder? = nil,
    openTransport: @escaping () throws(NetlinkProblem) -> any NetlinkTransport
  ) {
    self.processes = processes
    self.counters = counters ?? processes
    self.moment = moment
    self.knowsOwners = knowsOwners
    self.isLive = isLive
    self.recorder = recorder
    self.openTransport = openTransport
  }

  /// Opens `source`: reads the recording, or creates the one to be written.
  package init(_ source: SystemSource) throws(CommandFailure) {
    switch source {
    case .kernel(let path): try self.init(recordingTo: path)
    case .recording(let path, let procRoot): try self.init(replaying: path, procRoot: procRoot)
    }
  }

  private init(recordingTo path: String?) throws(CommandFailure) {
    let processes = ProcFileSystem(containers: ContainerDirectory())
    let moment = ScanMoment(
      bootID: try? processes.bootID(), networkNamespace: try? processes.networkNamespace(),
      uptime: SystemClock.uptime, kernelRelease: Uname.release, time: Timestamp.now,
      host: Uname.hostName)
    var recorder: ConversationRecorder?
    if let path { recorder = try ConversationRecorder(to: path, at: moment) }
    self.init(processes: processes, moment: moment, recorder: recorder) {
      [recorder] () throws(NetlinkProblem) in
      let transport = try KernelTransport(bus: TCPDiagnostics.bus)
      return recorder?.recording(transport) ?? transport
    }
  }

  private init(replaying path: String, procRoot: String?) throws(CommandFailure) {
    let conversation = try RecordedConversation(readingFrom: path)
    self.init(
      processes: ProcFileSystem(root: FilePath(procRoot ?? "/nonexistent")),
      moment: conversation.moment, knowsOwners: procRoot != nil, isLive: false
    ) { () throws(NetlinkProblem) in conversation.transport }
  }

  /// Whether the conversation with the kernel is being recorded.
  var isRecorded: Bool { recorder != nil }

  /// Writes the recording, if one was asked for.
  func finish() throws {
    try recorder?.save()
  }

  /// The same source, read by a thread that has entered `namespace`.
  func inside(_ namespace: NamespaceSource) -> ConnectionSource {
    var moment = moment
    moment.networkNamespace = namespace.namespace.inode ?? moment.networkNamespace
    return ConnectionSource(
      processes: processes, counters: namespace.namespace.isOwn ? counters : processes.ofThread,
      moment: moment, knowsOwners: knowsOwners, isLive: isLive,
      openTransport: namespace.openTransport)
  }

  /// From this many sockets on, a machine counts them on two cores.
  private static let manySockets: Int64 = 50_000

  /// The middle of the ephemeral ports: the end that connected has one of those. Nil where one core
  /// is enough to count, and for recordings, which hold the conversation of one thread.
  var splitPort: UInt16? {
    guard isLive, !isRecorded,
      let sockets = (try? processes.counters(.sockstat))?["TCP", "alloc"],
      sockets >= Self.manySockets,
      let ports = try? processes.ephemeralPortRange()
    else { return nil }
    return ports.lowerBound + (ports.upperBound - ports.lowerBound) / 2
  }
}
