import Connections
package import Operations
import Presentation
import Privileges
import ProcessTable
import Rendering
import Scanning
package import Selection
import SystemPackage

/// Reads the contents of a report: one scan for connections and listeners, the history, the audit
/// log and the checks of `doctor`.
package struct ReportGathering {
  package let system: LiveSystem
  package let predicate: SelectionPredicate
  /// Whether all sockets are selected.
  package let selectsEverything: Bool
  /// The selection as options.
  package let words: String
  package let leakLimit: UInt64
  package let stateDir: String?

  package init(
    system: LiveSystem, predicate: SelectionPredicate, selectsEverything: Bool, words: String,
    leakLimit: UInt64, stateDir: String?
  ) {
    self.system = system
    self.predicate = predicate
    self.selectsEverything = selectsEverything
    self.words = words
    self.leakLimit = leakLimit
    self.stateDir = stateDir
  }

  /// Reads everything. Unreadable parts become gaps; only a failed scan is an error.
  package func contents() throws(CommandFailure) -> ReportContents {
    let clock = ContinuousClock()
    let start = clock.now
    var contents = ReportContents(place: place)
    let memory = try readHistory(&contents)
    let now = system.moment.uptime
    let snapshot = try system.scan(
      ScanRequest(
        predicate,
        reading: system.knowsOwners ? [.figures, .owners, .listeners] : [.figures, .listeners],
        past: memory.flatMap { memory in
          now.map { PastConnections(memory.connections, at: $0) }
        } ?? .unknown))
    let processes = system.processes
    contents.leaks = LeakSurvey(of: snapshot, limit: leakLimit, memory: memory) {
      DescriptorRoom(of: $0, processes)
    }
    let tally = Tally(snapshot)
    (contents.ipv4, contents.ipv6) = (tally.ipv4, tally.ipv6)
    contents.idle = IdleHistogram(snapshot.connections)
    contents.idleUnknown = snapshot.connections.count {
      $0.state.isSynchronized && $0.inode != 0 && $0.idle == nil
    }
    readQueues(&contents, snapshot)
    readDecisions(&contents)
    readFindings(&contents, snapshot, memory)
    contents.gaps += ListSummary(snapshot: snapshot, shown: snapshot.connections.count).warnings
    contents.gaps += system.namespaces.notices
    contents.namespaceGaps = snapshot.namespaceGaps
    contents.place.took = UInt64((clock.now - start) / .milliseconds(1))
    return contents
  }

  private var place: ReportContents.Place {
    ReportContents.Place(
      version: Version.text,
      host: system.isLive ? Uname.hostName : nil, kernel: system.moment.kernelRelease,
      networkNamespaces: system.namespaces.sources.map { source in
        let inode = system.inode(of: source.namespace).map { "\($0)" } ?? "unknown"
        return source.namespace.name.map { "\($0) (\(inode))" } ?? inode
      },
      uptime: system.moment.uptime, time: .now, selection: words,
      stateFolder: (try? StateAccess.location(option: stateDir))?.string, took: 0)
  }

  /// Why a recording has neither a history nor settings.
  private static let recorded = "not part of a recording"

  private func readHistory(
    _ contents: inout ReportContents
  ) throws(CommandFailure) -> RunMemory? {
    guard system.isLive else {
      contents.history = .unknown(Self.recorded)
      return nil
    }
    do throws(CommandFailure) {
      switch try RunHistory.lookUp(option: stateDir, of: system) {
      case .found(let memories):
        let memory = RunMemory(merging: memories)
        contents.history =
          memory.groups.isEmpty && memory.connections.isEmpty
          ? .unknown("no run of 'policy apply' has recorded anything since boot")
          : .read(())
        return memory
      case .none:
        contents.history = .unknown("no run of 'policy apply' has been recorded yet")
      case .unusable(let problem): contents.history = .unknown(problem)
      }
    } catch {
      // A selection by age needs the history.
      guard !predicate.needsHistory else { throw error }
      contents.history = .unknown(error.message ?? "cannot be read")
      Standard.report(error.text)
    }
    return nil
  }

  private func readQueues(_ contents: inout ReportContents, _ snapshot: Snapshot) {
    do throws(CommandFailure) {
      let survey = try listeners(snapshot)
      let figures = system.isLive ? system.acceptFigures(besides: snapshot.namespaceGaps) : [:]
      let report = ListenersReport(
        survey, figures: figures, names: SystemNumbers(resolvesNames: system.isLive), instant: 0)
      contents.acceptFigures = report.figures
      contents.queues = .read(report.lines.map { ReportContents.Queue($0, report.text) })
    } catch {
      contents.queues = .unknown(error.message ?? "cannot be listed")
    }
  }

  /// The selected listeners. All of their connections count, selected or not, so a partial snapshot
  /// is not enough.
  private func listeners(_ snapshot: Snapshot) throws(CommandFailure) -> ListenerSurvey {
    guard !selectsEverything else { return ListenerSurvey(ofEverySocket: snapshot) }
    let wanted = SelectionPredicate.all([.term(.states(TCPState.listen.asSet)), predicate])
    return try system.surveyListeners(
      ScanRequest(wanted, reading: system.knowsOwners ? .owners : []))
  }

  private func readDecisions(_ contents: inout ReportContents) {
    guard system.isLive || stateDir != nil else {
      contents.decisions = .unknown(Self.recorded)
      return
    }
    var selection = LogSelection()
    selection.connections = predicate
    do throws(CommandFailure) {
      let directory = try StateAccess.location(option: stateDir)
      let summary = try AuditSummary(in: directory, selection, unless: RunningRuns.check())
      contents.decisions =
        summary.map { .read($0) }
        ?? .unknown("no audit log in \(EscapedText.escaped(directory.string))")
    } catch {
      contents.decisions = .unknown(error.message ?? "cannot be read")
      Standard.report(error.text)
    }
  }

  private func readFindings(
    _ contents: inout ReportContents, _ snapshot: Snapshot, _ memory: RunMemory?
  ) {
    guard system.isLive, let live = try? LiveSystem.prepared(.kernel()).system else {
      contents.findings = .unknown(Self.recorded)
      return
    }
    // A recording contains only the conversation of the scan.
    let isAll = selectsEverything && system.namespaces.isCurrentOnly
    // Another section of the page explains a missing history.
    let past = memory.map { RunHistory.Remembered.known($0) } ?? .nothing
    let needs = PrivilegedStep.allNeeds
    let examination = OwnPrivileges.raising(needs) {
      Examination(live, snapshot: isAll ? snapshot : nil, past: past)
    }
    contents.findings = .read(examination.checks)
  }
}

extension ReportContents.Queue {
  fileprivate init(_ line: ListenerLine, _ text: ConnectionText) {
    func cell(_ column: ConnectionColumn) -> String {
      var cell: [UInt8] = []
      text.append(column, of: line.socket, to: &cell)
      return String(decoding: cell, as: UTF8.self)
    }
    self.init(
      local: cell(.local), process: cell(.process), waiting: line.waiting, backlog: line.backlog,
      isFull: line.isFull, load: line.load, synQueue: line.synQueue,
      connections: line.connections?.total, closeWait: line.connections?[.closeWait],
      sharers: line.sharers, limit: line.limitText)
  }
}
