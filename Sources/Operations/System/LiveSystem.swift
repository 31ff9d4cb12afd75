package import ProcessTable
package import Scanning
package import Selection
package import SystemPackage
import Threads

/// What commands scan: a source, and the network namespaces of it that are examined.
package struct LiveSystem {
  package let source: ConnectionSource
  package let namespaces: ExaminedNamespaces
  /// Whether long work shows its progress on the terminal.
  package var showsProgress = true

  init(_ source: ConnectionSource, _ namespaces: ExaminedNamespaces) {
    self.source = source
    self.namespaces = namespaces
  }

  package var processes: ProcFileSystem { source.processes }
  package var moment: ScanMoment { source.moment }
  package var knowsOwners: Bool { source.knowsOwners }
  package var isLive: Bool { source.isLive }

  /// Opens `source` and the network namespaces to examine.
  ///
  /// - Parameter netns: the values of `--netns`.
  /// - Returns: the system, and `predicate` with its terms about namespaces resolved.
  package static func prepared(
    _ source: SystemSource, selecting predicate: SelectionPredicate = .everything,
    netns: [String] = []
  ) throws(CommandFailure) -> (system: LiveSystem, predicate: SelectionPredicate) {
    let source = try ConnectionSource(source)
    let namespaces = try ExaminedNamespaces(of: source, netns: netns, selecting: predicate)
    return (LiveSystem(source, namespaces), predicate.resolving(namespaces.verdicts(of:)))
  }

  /// The inode of an examined namespace; nil when it is unknown.
  package func inode(of namespace: ScannedNamespace) -> UInt64? {
    namespace.inode(at: moment)
  }

  /// Runs `work` inside each network namespace, on a system that examines only that.
  ///
  /// - Returns: the result in each, or why it could not be entered.
  package func insideEachNamespace<Value>(
    _ work: @escaping (LiveSystem) -> Value
  ) -> [(namespace: ScannedNamespace, value: Result<Value, Errno>)] {
    namespaces.enteringEach { namespace in
      var system = LiveSystem(source.inside(namespace), ExaminedNamespaces([namespace]))
      system.showsProgress = false
      return work(system)
    }
  }

  /// Writes the recording, if one was asked for.
  package func finish() throws {
    try source.finish()
  }

  /// Lists connections on all cores.
  var scanner: Scanner { scanner(splitPort: nil) }

  /// Counts connections on all cores.
  var counter: Scanner { scanner(splitPort: source.splitPort) }

  private func scanner(splitPort: UInt16?) -> Scanner {
    Scanner(
      processes: processes, controlGroups: isLive ? (try? processes.controlGroupTree()) : nil,
      threads: ParallelWork.processorCount, namespaces: namespaces.sources,
      splitPort: splitPort)
  }
}
