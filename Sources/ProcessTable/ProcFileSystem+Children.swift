public import Connections

extension ProcFileSystem {
  /// The processes whose parent is `pid`, including zombies, in one pass over all processes.
  ///
  /// Processes that end meanwhile or cannot be read are left out.
  ///
  /// - Throws: ``ProcessProblem/unreadable(_:_:)`` or ``ProcessProblem/noProcesses(_:)`` of the
  ///   root.
  public func children(of pid: Int32) throws(ProcessProblem) -> [ProcessIdentity] {
    try pids().compactMap { child in
      guard let status = try? status(of: child), status.parent == pid else { return nil }
      return ProcessIdentity(pid: child, startTicks: status.startTicks)
    }
  }
}
