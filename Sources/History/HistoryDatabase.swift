internal import GRDB
public import StateFiles
public import SystemPackage

/// The database in the state folder that keeps what runs must remember.
///
/// One run at a time writes it, under the run's lock; others may read it meanwhile.
public struct HistoryDatabase {
  /// The name of the file in the folder.
  public static let fileName = "connreap.db"

  /// Where the file is.
  public let path: FilePath
  /// The database that was in its place and could not be used; nil as a rule.
  public let setAside: SetAside?

  let queue: DatabaseQueue

  /// Opens the database of `folder` to read and write, made when it is not there.
  ///
  /// One that is damaged or of another program is renamed, and a new one made.
  ///
  /// - Parameter now: what to tell names of such ones apart by, in seconds since 1970.
  public init(openingOrMakingIn folder: borrowing StateFolder, now: Int) throws(HistoryProblem) {
    let path = folder.path.appending(Self.fileName)
    if try !Self.isThere(in: folder) { try Self.make(in: folder) }
    do throws(HistoryProblem) {
      self.init(path: path, queue: try Self.open(in: folder, readOnly: false), setAside: nil)
    } catch .unusable(_, let fault) {
      let newName = "\(Self.fileName).\(fault.rawValue)-\(now)"
      try Self.rename(in: folder, to: newName)
      try Self.make(in: folder)
      self.init(
        path: path, queue: try Self.open(in: folder, readOnly: false),
        setAside: SetAside(path: path, newName: newName, fault: fault))
    }
  }

  /// Opens the database of `folder` to read; nil when there is none yet.
  public init?(readingFrom folder: borrowing StateFolder) throws(HistoryProblem) {
    guard try Self.isThere(in: folder) else { return nil }
    let path = folder.path.appending(Self.fileName)
    self.init(path: path, queue: try Self.open(in: folder, readOnly: true), setAside: nil)
  }

  private init(path: FilePath, queue: DatabaseQueue, setAside: SetAside?) {
    self.path = path
    self.queue = queue
    self.setAside = setAside
  }

  /// What SQLite keeps beside the file: the write-ahead log, its index, and a rollback journal.
  private static let companions = ["-wal", "-shm", "-journal"]

  private static func isThere(in folder: borrowing StateFolder) throws(HistoryProblem) -> Bool {
    do {
      for companion in companions { _ = try folder.holdsOwnFile(fileName + companion) }
      return try folder.holdsOwnFile(fileName)
    } catch {
      throw .untrusted(error)
    }
  }

  private static func make(in folder: borrowing StateFolder) throws(HistoryProblem) {
    do { try folder.makeFile(fileName) } catch { throw .untrusted(error) }
  }

  private static func rename(
    in folder: borrowing StateFolder, to newName: String
  ) throws(HistoryProblem) {
    do {
      // The log first: beside a new database it would be taken for a part of that.
      for companion in companions + [""] {
        try folder.renameFile(fileName + companion, to: newName + companion)
      }
    } catch {
      throw .untrusted(error)
    }
  }

  private static func open(
    in folder: borrowing StateFolder, readOnly: Bool
  ) throws(HistoryProblem) -> DatabaseQueue {
    let path = folder.path.appending(fileName)
    let descriptor: CInt
    do { descriptor = try folder.duplicate() } catch { throw .untrusted(error) }
    guard let directory = DatabaseDirectory(owning: descriptor) else {
      throw .database(path, code: 1, message: "this SQLite cannot be told which directory to use")
    }
    return try rethrowing(at: path) {
      // To read alone, so that what is not connreap's stays as it is.
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
      // The directory stays open as long as the connection has its configuration.
      withExtendedLifetime(directory) {}
      try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
    }
    return try DatabaseQueue(
      path: directory.path + "/" + fileName, configuration: configuration)
  }

  /// Makes sure that the database is whole and connreap's own, or empty.
  private static func check(_ db: Database, at path: FilePath) throws {
    let application = try Int32.fetchOne(db, sql: "PRAGMA application_id")
    let isOurs = application == HistorySchema.applicationID
    if application == 0 || isOurs, try HistorySchema.isNotBegun(db) { return }
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

  /// Runs `body`, and says what its errors mean.
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
        // SQLite does not tell the reason of each failure. Writing something there does.
        let directory = path.removingLastComponent()
        if let errno = StateFolder.whyNothingCanBeWritten(in: directory) {
          throw .cannotWrite(directory, errno)
        }
      default: break
      }
      throw .database(
        path, code: error.extendedResultCode.rawValue,
        message: error.message ?? "the database failed")
    } catch {
      throw .database(path, code: 1, message: "the database failed")
    }
  }
}
