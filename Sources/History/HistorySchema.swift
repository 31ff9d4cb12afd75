internal import GRDB

/// The tables and their migrations.
///
/// Times are uptimes in milliseconds, within the boot of the same row. Counters and fingerprints
/// are unsigned 64-bit numbers, stored with the same bits as signed ones.
enum HistorySchema {
  /// `PRAGMA application_id`: the letters "crea".
  static let applicationID: Int32 = 0x6372_6561

  /// Marks the database as connreap's before it contains anything else. If the disk is full then,
  /// the file does not look like another program's database.
  static func claim(_ db: Database) throws {
    guard try Int32.fetchOne(db, sql: "PRAGMA application_id") != applicationID else { return }
    try db.execute(sql: "PRAGMA application_id = \(applicationID)")
  }

  /// Whether the database has no tables, because it is empty or the run that created it was
  /// interrupted. The migrator's own table does not count.
  static func hasNoTables(_ db: Database) throws -> Bool {
    let tables = try Int.fetchOne(
      db, sql: "SELECT count(*) FROM sqlite_schema WHERE tbl_name <> 'grdb_migrations'")
    return try tables == 0 && migrator.appliedMigrations(db).isEmpty
  }

  static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      try db.execute(
        sql: """
          PRAGMA application_id = \(applicationID);

          CREATE TABLE connection (
            id INTEGER PRIMARY KEY,
            boot TEXT NOT NULL,
            netns INTEGER NOT NULL,
            cookie INTEGER NOT NULL,
            family TEXT NOT NULL,
            local TEXT NOT NULL,
            local_port INTEGER NOT NULL,
            peer TEXT NOT NULL,
            peer_port INTEGER NOT NULL,
            interface INTEGER NOT NULL,
            state TEXT NOT NULL,
            first_seen INTEGER NOT NULL,
            state_since INTEGER NOT NULL,
            quiet_since INTEGER,
            last_seen INTEGER NOT NULL,
            bytes_acked INTEGER,
            bytes_received INTEGER,
            UNIQUE (boot, netns, cookie)
          ) STRICT;

          CREATE TABLE flag (
            boot TEXT NOT NULL,
            netns INTEGER NOT NULL,
            cookie INTEGER NOT NULL,
            policy TEXT NOT NULL,
            rules INTEGER NOT NULL,
            runs INTEGER NOT NULL,
            missed INTEGER NOT NULL,
            armed INTEGER NOT NULL,
            PRIMARY KEY (boot, netns, cookie, policy)
          ) STRICT, WITHOUT ROWID;

          CREATE TABLE round (
            boot TEXT NOT NULL,
            netns INTEGER NOT NULL,
            policy TEXT NOT NULL,
            member TEXT NOT NULL,
            rules INTEGER NOT NULL,
            rounds INTEGER NOT NULL,
            quiet INTEGER NOT NULL,
            first_round INTEGER NOT NULL,
            first_count INTEGER NOT NULL,
            closed INTEGER NOT NULL,
            told INTEGER NOT NULL,
            PRIMARY KEY (boot, netns, policy, member)
          ) STRICT, WITHOUT ROWID;
          """)
    }
    // The clocks at the last run of each boot. Without a row for a boot, its data comes from a
    // version that read the uptime from a file.
    migrator.registerMigration("2") { db in
      try db.execute(
        sql: """
          CREATE TABLE clock (
            boot TEXT NOT NULL PRIMARY KEY,
            uptime INTEGER NOT NULL,
            wall INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;
          """)
    }
    return migrator
  }()
}
