public import Connections
internal import GRDB

// By which clock the moments were written that are remembered.
extension HistoryDatabase {
  /// Why what is remembered of `boot` says nothing about times at `reading`; nil when nothing speaks
  /// against it, or nothing is remembered.
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
          if isRemembered == true { return .ofEarlierVersion }
        }
        return nil
      }
    }
  }

  /// Keeps `reading` as what the clocks showed at the last run of `boot`, and of no other boot.
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

  /// Forgets what is remembered of `boot`.
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
