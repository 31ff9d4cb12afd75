import Connections
import Glibc
import History
import Scanning
import StateFiles
import SystemPackage

/// What a run of `policy apply` remembers, in the database of its state folder.
struct RunHistory {
  /// What is in the database.
  private(set) var memory: RunMemory
  private let database: HistoryDatabase
  private let place: MemoryPlace

  /// Opens the database of `folder`, made when it is not there.
  init(
    in folder: borrowing StateFolder, at moment: ScanMoment
  ) throws(CommandFailure) {
    guard let place = MemoryPlace(moment) else {
      throw CommandFailure(
        .failed,
        "/proc does not tell the boot id, the uptime or the network namespace, without which a run "
          + "cannot be remembered; nothing was closed", remedy: "mount /proc")
    }
    do throws(HistoryProblem) {
      database = try HistoryDatabase(openingOrMakingIn: folder, now: time(nil))
      memory = try database.memory(of: place)
      self.place = place
    } catch {
      throw Self.failure(error)
    }
    if let setAside = database.setAside {
      Standard.say("connreap: \(EscapedText.escaped("\(setAside)"))\n")
    }
  }

  /// Writes `memory`. When that fails before a closing, nothing must be closed.
  mutating func save(_ memory: RunMemory, ifLost consequence: String) throws(CommandFailure) {
    do {
      try database.replace(self.memory, by: memory, in: place)
    } catch {
      throw Self.failure(error, consequence)
    }
    self.memory = memory
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
  static func read(
    option: String?, of system: LiveSystem,
    tell: (String) -> Void = { Standard.say("connreap: \($0)\n") }
  ) throws(CommandFailure) -> RunMemory {
    switch try lookUp(option: option, of: system) {
    case .found(let memory): return memory
    case .none: return RunMemory()
    case .unusable(let problem):
      tell("\(problem); what earlier runs saw is not used")
      return RunMemory()
    }
  }

  /// What a look for the database finds.
  enum LookedUp {
    case found(RunMemory)
    /// There is no database.
    case none
    /// It is damaged or another program's, as the visible text says.
    case unusable(String)
  }

  /// The same, for a command that tells nothing from unknown.
  static func lookUp(
    option: String?, of system: LiveSystem
  ) throws(CommandFailure) -> LookedUp {
    guard let folder = try StateAccess.openIfThere(option: option) else { return .none }
    var memory = RunMemory()
    do throws(HistoryProblem) {
      guard let database = try HistoryDatabase(readingFrom: folder) else { return .none }
      for place in system.memoryPlaces {
        let part = try database.memory(of: place)
        memory.connections.merge(part.connections) { first, _ in first }
        memory.flags.merge(part.flags) { first, _ in first }
        memory.groups.merge(part.groups) { first, _ in first }
      }
    } catch .unusable(let path, let fault) {
      return .unusable(EscapedText.escaped("\(HistoryProblem.unusable(path, fault))"))
    } catch {
      throw CommandFailure(
        .failed, "cannot read what earlier runs saw: \(EscapedText.escaped("\(error)"))")
    }
    return .found(memory)
  }

  /// The same, for a command that can do without: whatever stands in the way is said with what is
  /// found, and is no failure.
  static func lookUpIfPossible(option: String?, of system: LiveSystem) -> LookedUp {
    do throws(CommandFailure) {
      return try lookUp(option: option, of: system)
    } catch {
      return .unusable(error.message ?? "it cannot be read")
    }
  }

  /// The connections that earlier runs saw, for a selection by their age.
  ///
  /// - Parameter tell: see ``read(option:of:tell:)``.
  static func past(
    option: String?, of system: LiveSystem,
    tell: (String) -> Void = { Standard.say("connreap: \($0)\n") }
  ) throws(CommandFailure) -> PastConnections {
    guard system.isLive, let now = system.moment.uptime else { return .unknown }
    return PastConnections(try read(option: option, of: system, tell: tell).connections, at: now)
  }
}

extension LiveSystem {
  /// The boot and the namespaces that are looked at, as far as they are known.
  fileprivate var memoryPlaces: [MemoryPlace] {
    namespaces.compactMap { source in
      var moment = moment
      moment.networkNamespace =
        source.namespace.inode ?? (source.namespace.isOwn ? moment.networkNamespace : nil)
      return MemoryPlace(moment)
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
