package import Connections
import Glibc
import History
import ProcessTable
import Rendering
import Scanning
package import StateFiles
import SystemPackage

/// What runs of `policy apply` remember, in the database of the state directory.
package struct RunHistory {
  /// The memory of each examined network namespace, by its index.
  package private(set) var memories: [UInt16: RunMemory] = [:]
  private let database: HistoryDatabase
  private let places: [UInt16: MemoryScope]

  /// Opens the database in `directory`, and creates it if needed.
  package init(
    in directory: borrowing StateDirectory, of system: LiveSystem
  ) throws(CommandFailure) {
    let places = system.memoryPlaces
    // A namespace that could not be opened has no inode, and its connections are not listed.
    let isComplete = system.namespaces.sources.indices.allSatisfy { index in
      UInt16(exactly: index).map { places[$0] != nil } ?? false
        || !system.namespaces.sources[index].namespace.isOwn && system.moment.canBeRemembered
    }
    guard isComplete else {
      throw CommandFailure(
        .failed,
        "cannot remember this run: /proc does not show the boot ID or the network namespace; "
          + "nothing was closed", remedy: "mount /proc")
    }
    do throws(HistoryProblem) {
      database = try HistoryDatabase(openingOrCreatingIn: directory, now: time(nil))
      if let boot = system.moment.bootID { try Self.checkClock(of: database, boot) }
      for (index, place) in places { memories[index] = try database.memory(of: place) }
      if let uptime = system.moment.uptime {
        try database.forgetOthers(than: Array(places.values), at: uptime)
      }
      self.places = places
    } catch {
      throw Self.failure(error)
    }
    if let setAside = database.setAside {
      Standard.report("connreap: \(EscapedText.escaped("\(setAside)"))\n")
    }
  }

  /// Notes the clock. If it was set back or forward since earlier runs, discards and reports what
  /// they remembered.
  private static func checkClock(
    of database: HistoryDatabase, _ boot: String
  ) throws(HistoryProblem) {
    guard let reading = SystemClock.reading else { return }
    if let doubt = try database.doubt(about: boot, at: reading) {
      Standard.report(
        "connreap: warning: \(EscapedText.escaped("\(database.path): \(doubt)")); "
          + "the history of earlier runs is discarded\n")
      try database.forget(boot: boot)
    }
    try database.note(reading, of: boot)
  }

  /// Replaces the memory of each namespace in `memories`. If this fails before closing, nothing may
  /// be closed.
  mutating func save(
    _ memories: [UInt16: RunMemory], ifLost consequence: String
  ) throws(CommandFailure) {
    for (index, memory) in memories {
      guard let place = places[index], let before = self.memories[index] else { continue }
      do {
        try database.replace(before, by: memory, in: place)
      } catch {
        throw Self.failure(error, consequence)
      }
      self.memories[index] = memory
    }
  }

  private static func failure(
    _ problem: HistoryProblem, _ consequence: String = "nothing was closed"
  ) -> CommandFailure {
    CommandFailure(
      .failed, "cannot remember this run: \(EscapedText.escaped("\(problem)")); \(consequence)",
      remedy: "repair it or move it away, or name another directory with --state-dir")
  }
}

extension RunHistory {
  /// What earlier runs remember of the namespaces of `system`, for a command that only reads.
  ///
  /// - Parameter report: called with the reason why an existing database is not used.
  package static func read(
    option: String?, of system: LiveSystem,
    report: (String) -> Void = { Standard.report("connreap: \($0)\n") }
  ) throws(CommandFailure) -> [UInt16: RunMemory] {
    switch try lookUp(option: option, of: system) {
    case .found(let memories): return memories
    case .none: break
    case .unusable(let problem):
      report("\(problem); earlier runs are ignored")
    }
    return system.memoryPlaces.mapValues { _ in RunMemory() }
  }

  /// The contents of the database, if any.
  package enum LookupResult {
    case found([UInt16: RunMemory])
    /// There is no database.
    case none
    /// It is damaged, another program's, or written by another clock. The text is escaped.
    case unusable(String)
  }

  /// Looks for the database, for a command that distinguishes "no runs" from "unknown".
  package static func lookUp(
    option: String?, of system: LiveSystem
  ) throws(CommandFailure) -> LookupResult {
    guard let directory = try StateAccess.openIfPresent(option: option) else { return .none }
    var memories: [UInt16: RunMemory] = [:]
    do throws(HistoryProblem) {
      guard let database = try HistoryDatabase(readingFrom: directory) else { return .none }
      if system.isLive, let boot = system.moment.bootID, let reading = SystemClock.reading,
        let doubt = try database.doubt(about: boot, at: reading)
      {
        return .unusable(EscapedText.escaped("\(database.path): \(doubt)"))
      }
      for (index, place) in system.memoryPlaces { memories[index] = try database.memory(of: place) }
    } catch .unusable(let path, let fault) {
      return .unusable(EscapedText.escaped("\(HistoryProblem.unusable(path, fault))"))
    } catch {
      throw CommandFailure(
        .failed, "cannot read the history of earlier runs: \(EscapedText.escaped("\(error)"))")
    }
    return .found(memories)
  }

  /// What earlier runs remember, for a command that works without it.
  package enum Remembered {
    case known(RunMemory)
    /// There were no runs.
    case nothing
    /// Why it could not be read. The text is escaped.
    case unknown(String)
  }

  /// What earlier runs remember. Problems are part of the result.
  package static func remembered(option: String?, of system: LiveSystem) -> Remembered {
    do throws(CommandFailure) {
      switch try lookUp(option: option, of: system) {
      case .found(let memories): return .known(RunMemory(merging: memories))
      case .none: return .nothing
      case .unusable(let problem): return .unknown(problem)
      }
    } catch {
      return .unknown(error.message ?? "it cannot be read")
    }
  }

  /// The connections that earlier runs saw, for a selection by their age.
  ///
  /// - Parameter report: see ``read(option:of:report:)``.
  package static func past(
    option: String?, of system: LiveSystem,
    report: (String) -> Void = { Standard.report("connreap: \($0)\n") }
  ) throws(CommandFailure) -> PastConnections {
    guard system.isLive, let now = system.moment.uptime else { return .unknown }
    return PastConnections(of: try read(option: option, of: system, report: report), at: now)
  }
}

extension LiveSystem {
  /// The places of the examined namespaces in the database, where they are known.
  fileprivate var memoryPlaces: [UInt16: MemoryScope] {
    var places: [UInt16: MemoryScope] = [:]
    for (index, source) in namespaces.sources.enumerated() {
      guard let index = UInt16(exactly: index) else { break }
      var moment = moment
      moment.networkNamespace = inode(of: source.namespace)
      places[index] = MemoryScope(moment)
    }
    return places
  }
}

extension ScanMoment {
  /// Whether the boot and the time since then are known.
  fileprivate var canBeRemembered: Bool { bootID != nil && uptime != nil }
}

extension PastConnections {
  /// The remembered connections of several namespaces, which have different cookies.
  package init(of memories: [UInt16: RunMemory], at uptime: UInt64) {
    self.init(
      memories.values.reduce(into: [:]) { connections, memory in
        connections.merge(memory.connections) { first, _ in first }
      }, at: uptime)
  }
}

extension RunMemory {
  /// Merges `memories`, for look-ups by connection and process.
  package init(merging memories: [UInt16: RunMemory]) {
    self.init()
    for memory in memories.sorted(by: { $0.key < $1.key }).map(\.value) {
      connections.merge(memory.connections) { first, _ in first }
      flags.merge(memory.flags) { first, _ in first }
      groups.merge(memory.groups) { first, _ in first }
    }
  }
}

extension MemoryScope {
  /// The place for the namespace of a scan; nil if the boot or the namespace is unknown.
  fileprivate init?(_ moment: ScanMoment) {
    guard let boot = moment.bootID, let namespace = moment.networkNamespace,
      moment.uptime != nil
    else { return nil }
    self.init(boot: boot, networkNamespace: namespace)
  }
}
