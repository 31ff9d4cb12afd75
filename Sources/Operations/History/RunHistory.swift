package import Connections
import Glibc
import History
import ProcessTable
import Rendering
import Scanning
package import StateFiles
import SystemPackage

/// What a run of `policy apply` remembers, in the database of its state folder.
package struct RunHistory {
  /// What is in the database of each network namespace that is looked at, by its index.
  package private(set) var memories: [UInt16: RunMemory] = [:]
  private let database: HistoryDatabase
  private let places: [UInt16: MemoryPlace]

  /// Opens the database of `folder`, made when it is not there.
  package init(
    in folder: borrowing StateFolder, of system: LiveSystem
  ) throws(CommandFailure) {
    let places = system.memoryPlaces
    // One that could not even be opened has no inode, and none of its connections is listed.
    let isWhole = system.namespaces.sources.indices.allSatisfy { index in
      UInt16(exactly: index).map { places[$0] != nil } ?? false
        || !system.namespaces.sources[index].namespace.isOwn && system.moment.canBeRemembered
    }
    guard isWhole else {
      throw CommandFailure(
        .failed,
        "/proc does not tell the boot id or the network namespace, without which a run cannot be "
          + "remembered; nothing was closed", remedy: "mount /proc")
    }
    do throws(HistoryProblem) {
      database = try HistoryDatabase(openingOrMakingIn: folder, now: time(nil))
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
      Standard.say("connreap: \(EscapedText.escaped("\(setAside)"))\n")
    }
  }

  /// Forgets what was remembered by a clock that is not the present one, and reports it; notes what
  /// the clock shows now.
  private static func checkClock(
    of database: HistoryDatabase, _ boot: String
  ) throws(HistoryProblem) {
    guard let reading = SystemClock.reading else { return }
    if let doubt = try database.doubt(about: boot, at: reading) {
      Standard.say(
        "connreap: warning: \(EscapedText.escaped("\(database.path): \(doubt)")); "
          + "what earlier runs remember is discarded\n")
      try database.forget(boot: boot)
    }
    try database.note(reading, of: boot)
  }

  /// Writes what `memories` hold of each namespace; of others, what is in the database stays. When
  /// that fails before a closing, nothing must be closed.
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
      remedy: "mend it or move it away, or give another folder with --state-dir")
  }
}

extension RunHistory {
  /// What earlier runs remember of the namespaces of `system`, for a command that only reads; nothing
  /// when there were none.
  ///
  /// - Parameter tell: says that there is a database and why it is not used.
  package static func read(
    option: String?, of system: LiveSystem,
    tell: (String) -> Void = { Standard.say("connreap: \($0)\n") }
  ) throws(CommandFailure) -> [UInt16: RunMemory] {
    switch try lookUp(option: option, of: system) {
    case .found(let memories): return memories
    case .none: break
    case .unusable(let problem):
      tell("\(problem); what earlier runs saw is not used")
    }
    return system.memoryPlaces.mapValues { _ in RunMemory() }
  }

  /// What a look for the database finds.
  package enum LookedUp {
    case found([UInt16: RunMemory])
    /// There is no database.
    case none
    /// It is damaged, another program's, or by another clock, as the visible text says.
    case unusable(String)
  }

  /// The same, for a command that tells nothing from unknown.
  package static func lookUp(
    option: String?, of system: LiveSystem
  ) throws(CommandFailure) -> LookedUp {
    guard let folder = try StateAccess.openIfThere(option: option) else { return .none }
    var memories: [UInt16: RunMemory] = [:]
    do throws(HistoryProblem) {
      guard let database = try HistoryDatabase(readingFrom: folder) else { return .none }
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
        .failed, "cannot read what earlier runs saw: \(EscapedText.escaped("\(error)"))")
    }
    return .found(memories)
  }

  /// What earlier runs remember, for a command that can do without.
  package enum Remembered {
    case known(RunMemory)
    /// There were no runs.
    case nothing
    /// Why it could not be read, as visible text.
    case unknown(String)
  }

  /// Looks for what earlier runs remember; whatever stands in the way is said with what is found,
  /// and is no failure.
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
  /// - Parameter tell: see ``read(option:of:tell:)``.
  package static func past(
    option: String?, of system: LiveSystem,
    tell: (String) -> Void = { Standard.say("connreap: \($0)\n") }
  ) throws(CommandFailure) -> PastConnections {
    guard system.isLive, let now = system.moment.uptime else { return .unknown }
    return PastConnections(of: try read(option: option, of: system, tell: tell), at: now)
  }
}

extension LiveSystem {
  /// The boot and the namespaces that are looked at, as far as they are known.
  fileprivate var memoryPlaces: [UInt16: MemoryPlace] {
    var places: [UInt16: MemoryPlace] = [:]
    for (index, source) in namespaces.sources.enumerated() {
      guard let index = UInt16(exactly: index) else { break }
      var moment = moment
      moment.networkNamespace = inode(of: source.namespace)
      places[index] = MemoryPlace(moment)
    }
    return places
  }
}

extension ScanMoment {
  /// Whether the boot is known, and the time in it.
  fileprivate var canBeRemembered: Bool { bootID != nil && uptime != nil }
}

extension PastConnections {
  /// What is remembered of the connections of some namespaces: a cookie is of one of them.
  package init(of memories: [UInt16: RunMemory], at uptime: UInt64) {
    self.init(
      memories.values.reduce(into: [:]) { connections, memory in
        connections.merge(memory.connections) { first, _ in first }
      }, at: uptime)
  }
}

extension RunMemory {
  /// All of `memories` in one, for who asks by connections and processes.
  package init(merging memories: [UInt16: RunMemory]) {
    self.init()
    for memory in memories.sorted(by: { $0.key < $1.key }).map(\.value) {
      connections.merge(memory.connections) { first, _ in first }
      flags.merge(memory.flags) { first, _ in first }
      groups.merge(memory.groups) { first, _ in first }
    }
  }
}

extension MemoryPlace {
  /// The boot and the namespace of a scan; nil when they are not known.
  fileprivate init?(_ moment: ScanMoment) {
    guard let boot = moment.bootID, let namespace = moment.networkNamespace,
      moment.uptime != nil
    else { return nil }
    self.init(boot: boot, networkNamespace: namespace)
  }
}
