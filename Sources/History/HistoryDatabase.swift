internal import GRDB
public import StateFiles
public import SystemPackage

/// The database in the state directory that keeps data between runs.
///
/// Only one run at a time writes it, under the run's lock. Others may read it meanwhile.
public struct HistoryDatabase {
  /// The file name in the state directory.
  public static let fileName = "connreap.db"

  /// The path of the file.
  public let path: FilePath
  /// The unusable database that this one replaced; usually nil.
  public let setAside: SetAside?

  let queue: DatabaseQueue

  /// Opens the database in `stateDirectory` for reading and writing, and creates it if missing.
  ///
  /// A database that is damaged or belongs to another program is renamed, and a new one is created.
  ///
  /// - Parameter now: seconds since 1970, for unique names of renamed databases.
  public init(openingOrCreatingIn stateDirectory: borrowing StateDirectory, now: Int)
    throws(HistoryProblem)
  {
    let path = stateDirectory.path.appending(Self.fileName)
    if try !Self.exists(in: stateDirectory) { try Self.create(in: stateDirectory) }
    do throws(HistoryProblem) {
      self.init(
        path: path, queue: try Self.open(in: stateDirectory, readOnly: false), setAside: nil)
    } catch .unusable(_, let fault) {
      let newName = "\(Self.fileName).\(fault.rawValue)-\(now)"
      try Self.rename(in: stateDirectory, to: newName)
      try Self.create(in: stateDirectory)
      self.init(
        path: path, queue: try Self.open(in: stateDirectory, readOnly: false),
        setAside: SetAside(path: path, newName: newName, fault: fault))
    }
  }

  /// Opens the database in `stateDirectory` for reading; nil if there is none yet.
  public init?(readingFrom stateDirectory: borrowing StateDirectory) throws(HistoryProblem) {
    guard try Self.exists(in: stateDirectory) else { return nil }
    let path = stateDirectory.path.appending(Self.fileName)
    self.init(path: path, queue: try Self.open(in: stateDirectory, readOnly: true), setAside: nil)
  }

  private init(path: FilePath, queue: DatabaseQueue, setAside: SetAside?) {
    self.path = path
    self.queue = queue
    self.setAside = setAside
  }

  /// The suffixes of SQLite's other files: the write-ahead log, its index, and a rollback journal.
  private static let companions = ["-wal", "-shm", "-journal"]

  private static func exists(in stateDirectory: borrowing StateDirectory) throws(HistoryProblem)
    -> Bool
  {
    do {
      for companion in companions { _ = try stateDirectory.hasTrustedFile(fileName + companion) }
      return try stateDirectory.hasTrustedFile(fileName)
    } catch {
      throw .untrusted(error)
    }
  }

  private static func create(in stateDirectory: borrowing StateDirectory) throws(HistoryProblem) {
    do { try stateDirectory.createFile(fileName) } catch { throw .untrusted(error) }
  }

  private static func rename(
    in stateDirectory: borrowing StateDirectory, to newName: String
  ) throws(HistoryProblem) {
    do {
      // The log first. SQLite would apply a leftover log to a new database.
      for companion in companions + [""] {
        try stateDirectory.renameFile(fileName + companion, to: newName + companion)
      }
    } catch {
      throw .untrusted(error)
    }
  }

  private static func open(
    in stateDirectory: borrowing StateDirectory, readOnly: Bool
  ) throws(HistoryProblem) -> DatabaseQueue {
    let path = stateDirectory.path.appending(fileName)
    let descriptor: CInt
    do { descriptor = try stateDirectory.duplicate() } catch { throw .untrusted(error) }
    guard let directory = DatabaseDirectory(owning: descriptor) else {
      throw .database(path, code: 1, message: "this SQLite cannot redirect system calls")
    }
    return try rethrowing(at: path) {
      // Read-only first, so that a file of another program stays unchanged.
      let reader = try connect(directory, readOnly: true)
      try reader.read { db in try check(db, at: path) }
      guard !readOnly else { return reader }
      try reader.close()
      let queue = try connect(directory, readOnly: false)
      try queue.write { db in try HistorySchema.claim(db) }
      try HistorySchema.migrator.migrate(queue)
      return queue
    }
  }

  private static func connect(
    _ directory: DatabaseDirectory, readOnly: Bool
  ) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = readOnly
    configuration.busyMode = .timeout(5)
    if !readOnly { configuration.journalMode = .wal }
    configuration.prepareDatabase { db in
      // The directory stays open as long as the connection keeps its configuration.
      withExtendedLifetime(directory) {}
      try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
    }
    return try DatabaseQueue(
      path: directory.path + "/" + fileName, configuration: configuration)
  }

  /// Throws unless the database is intact and connreap's own, or empty.
  private static func check(_ db: Database, at path: FilePath) throws {
    let application = try Int32.fetchOne(db, sql: "PRAGMA application_id")
    let isOurs = application == HistorySchema.applicationID
    if application == 0 || isOurs, try HistorySchema.hasNoTables(db) { return }
    guard isOurs else { throw HistoryProblem.unusable(path, .foreign) }
    guard try String.fetchOne(db, sql: "PRAGMA quick_check(1)") == "ok" else {
      throw HistoryProblem.unusable(path, .damaged)
    }
    let migrator = HistorySchema.migrator
    guard try !migrator.hasBeenSuperseded(db) else { throw HistoryProblem.newer(path) }
    guard try migrator.appliedMigrations(db).isEmpty == false else {
      throw HistoryProblem.unusable(path, .damaged)
    }
  }

  /// Runs `body`, and translates its errors.
  static func rethrowing<Value>(
    at path: FilePath, _ body: () throws -> Value
  ) throws(HistoryProblem) -> Value {
    do {
      return try body()
    } catch let problem as HistoryProblem {
      throw problem
    } catch let error as DatabaseError {
      switch error.resultCode {
      case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT: throw .unusable(path, .damaged)
      case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY:
        // SQLite does not report every cause. A test write does.
        let directory = path.removingLastComponent()
        if let errno = StateDirectory.writeFailure(in: directory) {
          throw .cannotWrite(directory, errno)
        }
      default: break
      }
      throw .database(
        path, code: error.extendedResultCode.rawValue,
        message: error.message ?? "unknown database error")
    } catch {
      throw .database(path, code: 1, message: "unknown database error")
    }
  }
}
