public import Connections
internal import SystemPackage

// Facts about single processes.
extension ProcFileSystem {
  /// The process that has `pid` now. Facts that could not be read are nil.
  public func process(
    _ pid: Int32, reading details: OwnerDetails = .facts
  ) throws(ProcessProblem) -> OwnerProcess {
    let process = try open(pid)
    do { return try process.owner(details) } catch {
      throw problem(error, at: "\(pid)/stat", of: pid)
    }
  }

  /// The processes that can hold descriptors: neither kernel threads nor zombies.
  public func programs() throws(ProcessProblem) -> [Int32] {
    try pids().filter { (try? status(of: $0).holdsNothing) == false }
  }

  /// The start time of the process, in clock ticks since boot (field 22 of `stat`).
  ///
  /// A pid with its start time identifies one process. A pid alone is reused.
  public func startTicks(of pid: Int32) throws(ProcessProblem) -> UInt64 {
    try status(of: pid).startTicks
  }

  /// The parent of the process, the parent's parent and so on.
  ///
  /// A parent that exists but is hidden (`hidepid`) ends the list, with an unknown start time.
  ///
  /// - Throws: ``ProcessProblem/inconsistentParents(pid:)`` if no complete chain could be read.
  public func ancestors(of pid: Int32) throws(ProcessProblem) -> [ProcessIdentity] {
    // A parent can end between two reads, and its children get another one.
    for _ in 0..<8 {
      if let chain = try consistentAncestors(of: pid) { return chain }
    }
    throw .inconsistentParents(pid: pid)
  }

  /// The chain of parents; nil if it changed while it was read, or is circular.
  private func consistentAncestors(of pid: Int32) throws(ProcessProblem) -> [ProcessIdentity]? {
    var chain: [ProcessIdentity] = []
    var seen: Set = [pid]
    var (child, childStatus) = (pid, try status(of: pid))
    while childStatus.parent != 0 {
      let parent = childStatus.parent
      guard seen.insert(parent).inserted else { return nil }
      let parentStatus = try statusIfVisible(of: parent)
      // It is still the parent, so it was all the time: no process gets an earlier parent back.
      guard let again = try statusIfVisible(of: child), again.startTicks == childStatus.startTicks,
        again.parent == parent
      else { return nil }
      chain.append(ProcessIdentity(pid: parent, startTicks: parentStatus?.startTicks))
      guard let parentStatus else { return chain }
      (child, childStatus) = (parent, parentStatus)
    }
    return chain
  }

  /// The number of open descriptors of the process.
  ///
  /// Linux 6.2 and later report it as the size of the `fd` directory, without permission to read
  /// it. Otherwise the descriptors are counted.
  public func descriptorCount(of pid: Int32) throws(ProcessProblem) -> Int {
    let process = try open(pid)
    do {
      if let count = try process.descriptorDirectorySize(), count > 0 { return count }
      let descriptors = try process.open("fd")
      var count = 0
      try descriptors.forEachNumber(EntryBuffer()) { _ in count += 1 }
      return count
    } catch {
      throw problem(error, at: "\(pid)/fd", of: pid)
    }
  }

  /// The value of the variable `name` in the initial environment of the process (`environ`); nil if
  /// it is not set.
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

  private func statusIfVisible(of pid: Int32) throws(ProcessProblem) -> ProcessStatus? {
    do { return try status(of: pid) } catch {
      switch error {
      case .noSuchProcess, .unreadable(_, .notPermitted), .unreadable(_, .permissionDenied):
        return nil
      default: throw error
      }
    }
  }
}
