public import Connections
internal import SystemPackage

// What is to be known of single processes.
extension ProcFileSystem {
  /// The process that has `pid` now. Facts that could not be read are nil.
  public func process(_ pid: Int32) throws(ProcessProblem) -> OwnerProcess {
    let folder = try open(pid)
    do { return try folder.owner(.all) } catch { throw problem(error, at: "\(pid)/stat", of: pid) }
  }

  /// The processes that can hold descriptors: neither threads of the kernel nor zombies.
  public func programs() throws(ProcessProblem) -> [Int32] {
    try pids().filter { (try? status(of: $0).holdsNothing) == false }
  }

  /// When the process started, in clock ticks since boot (field 22 of `stat`).
  ///
  /// A pid with its start names one process; a pid alone is reused.
  public func startTicks(of pid: Int32) throws(ProcessProblem) -> UInt64 {
    try status(of: pid).startTicks
  }

  /// The parent of the process; nil when it has none in the pid namespace of the reader.
  public func parent(of pid: Int32) throws(ProcessProblem) -> Int32? {
    let parent = try status(of: pid).parent
    return parent == 0 ? nil : parent
  }

  /// The parent of the process, the parent's parent and so on.
  ///
  /// One that exists and cannot be seen (`hidepid`) is the last, with a start of nil.
  ///
  /// - Throws: ``ProcessProblem/unsteadyParents(pid:)`` rather than a chain that is not whole.
  public func ancestors(of pid: Int32) throws(ProcessProblem) -> [ProcessIdentity] {
    // A parent can end between two looks, and its children are given another.
    for _ in 0..<8 {
      if let chain = try ancestorsAtOnce(of: pid) { return chain }
    }
    throw .unsteadyParents(pid: pid)
  }

  /// The chain of parents; nil when it changed while it was read, or is a circle.
  private func ancestorsAtOnce(of pid: Int32) throws(ProcessProblem) -> [ProcessIdentity]? {
    var chain: [ProcessIdentity] = []
    var seen: Set = [pid]
    var (child, childStatus) = (pid, try status(of: pid))
    while childStatus.parent != 0 {
      let parent = childStatus.parent
      guard seen.insert(parent).inserted else { return nil }
      let parentStatus = try statusIfSeen(of: parent)
      // Still its parent, so it was so throughout: nobody gets an earlier parent back.
      guard let again = try statusIfSeen(of: child), again.startTicks == childStatus.startTicks,
        again.parent == parent
      else { return nil }
      chain.append(ProcessIdentity(pid: parent, startTicks: parentStatus?.startTicks))
      guard let parentStatus else { return chain }
      (child, childStatus) = (parent, parentStatus)
    }
    return chain
  }

  /// How many descriptors are open in the process.
  ///
  /// Linux 6.2 and later say it as the size of the folder, without permission to read it; otherwise
  /// they are counted.
  public func descriptorCount(of pid: Int32) throws(ProcessProblem) -> Int {
    let process = try open(pid)
    do {
      if let count = try process.sizeOfDescriptorFolder(), count > 0 { return count }
      let descriptors = try process.open("fd")
      var count = 0
      try descriptors.forEachNumber(EntryBuffer()) { _ in count += 1 }
      return count
    } catch {
      throw problem(error, at: "\(pid)/fd", of: pid)
    }
  }

  /// The value of the variable `name` in the environment that the process was started with
  /// (`environ`); nil when it has none.
  public func environmentValue(
    of name: String, in pid: Int32
  ) throws(ProcessProblem) -> String? {
    let process = try open(pid)
    let environment: [UInt8]
    do { environment = try process.environment() } catch {
      throw problem(error, at: "\(pid)/environ", of: pid)
    }
    let start = Array("\(name)=".utf8)
    return environment.split(separator: 0).first { $0.starts(with: start) }
      .map { String(decoding: $0.dropFirst(start.count), as: UTF8.self) }
  }

  func status(of pid: Int32) throws(ProcessProblem) -> ProcessStatus {
    let process = try open(pid)
    let status: ProcessStatus?
    do { status = try process.status() } catch {
      throw problem(error, at: "\(pid)/stat", of: pid)
    }
    guard let status else { throw .malformed(path(to: "\(pid)/stat")) }
    return status
  }

  private func statusIfSeen(of pid: Int32) throws(ProcessProblem) -> ProcessStatus? {
    do { return try status(of: pid) } catch {
      switch error {
      case .noSuchProcess, .unreadable(_, .notPermitted), .unreadable(_, .permissionDenied):
        return nil
      default: throw error
      }
    }
  }
}
