public import Connections
internal import GRDB

// Checks the clock by which the stored times were measured.
extension HistoryDatabase {
  /// Why the stored times of `boot` cannot be compared with `reading`; nil if they can, or if
  /// nothing is stored.
  public func doubt(
    about boot: String, at reading: ClockReading
  ) throws(HistoryProblem) -> ClockDoubt? {
    try Self.rethrowing(at: path) {
      try queue.read { db -> ClockDoubt? in
        if try db.tableExists("clock"),
          let row = try Row.fetchOne(
            db, sql: "SELECT * FROM clock WHERE boot = ?", arguments: [boot]),
          let earlier = ClockReading(row)
        {
          return reading.doubt(about: earlier)
        }
        for table in try Self.memoryTables.filter({ try db.tableExists($0) }) {
          let isRemembered = try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM \(table) WHERE boot = ?)", arguments: [boot])
          if isRemembered == true { return .fromEarlierVersion }
        }
        return nil
      }
    }
  }

  /// Stores `reading` as the clocks of the last run of `boot`, and deletes those of other boots.
  public func note(_ reading: ClockReading, of boot: String) throws(HistoryProblem) {
    try Self.rethrowing(at: path) {
      try queue.write { db in
        try db.execute(sql: "DELETE FROM clock WHERE boot <> ?", arguments: [boot])
        try db.execute(
          sql: "INSERT OR REPLACE INTO clock (boot, uptime, wall) VALUES (?, ?, ?)",
          arguments: [boot, Int64(bits: reading.uptime), reading.wall])
      }
    }
  }

  /// Deletes all stored data of `boot`.
  public func forget(boot: String) throws(HistoryProblem) {
    try Self.rethrowing(at: path) {
      try queue.write { db in
        for table in Self.memoryTables {
          try db.execute(sql: "DELETE FROM \(table) WHERE boot = ?", arguments: [boot])
        }
      }
    }
  }
}
