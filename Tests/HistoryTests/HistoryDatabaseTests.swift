import Connections
import GRDB
import Glibc
import History
import StateFiles
import SystemPackage
import Testing

/// Each run reads what the previous one wrote, and rejects anything else.
@Suite struct HistoryDatabaseTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func write(_ after: RunMemory, before: RunMemory = RunMemory()) throws {
    try directory.database().replace(before, by: after, in: place)
  }

  private func sql(_ text: String) throws {
    let queue = try DatabaseQueue(path: directory.file.string)
    try queue.write { try $0.execute(sql: text) }
    try queue.close()
  }

  @Test func memoryIsReadBack() throws {
    #expect(try directory.database().memory(of: place) == RunMemory())
    let written = memory(1, 2, .max - 1)
    try write(written)
    #expect(try directory.database().memory(of: place) == written)
  }

  @Test(arguments: [
    remembered(1, family: .ipv6, local: "::ffff:10.0.0.5", peer: "::ffff:10.0.0.9"),
    remembered(1, family: .ipv6, local: "fe80::1", peer: "2001:db8::2"),
    remembered(1, state: .timeWait, idleSince: nil, bytes: nil),
    remembered(1, idleSince: 0, bytes: .max),
  ])
  func everyKindOfConnectionIsReadBack(connection: RememberedConnection) throws {
    let written = RunMemory(connections: [cookie(1): connection])
    try write(written)
    #expect(try directory.database().memory(of: place) == written)
  }

  @Test func removedEntriesAreDeletedFromTheFile() throws {
    let before = memory(1, 2)
    try write(before)
    var after = before
    after.forget(cookie(1), flaggedBy: ["leak"])
    after.groups = [:]
    try write(after, before: before)
    let read = try directory.database().memory(of: place)
    #expect(read == after)
    #expect(read.connections.count == 1 && read.flags.count == 1)
  }

  @Test func groupNamesAreComparedByBytes() throws {
    var written = memory(1)
    for (name, rounds) in [("unit caf\u{e9}", 5), ("unit cafe\u{301}", 7)] {
      written.groups[RememberedGroupKey(policy: "leak", group: KernelName(name))] =
        RememberedGroup(rules: 1, rounds: rounds, firstRound: 1, firstCount: 1)
    }
    #expect(written.groups.count == 3)
    try write(written)
    #expect(try directory.database().memory(of: place) == written)
  }

  @Test func namespacesHaveSeparateMemories() throws {
    try write(memory(1))
    let other = MemoryScope(boot: place.boot, networkNamespace: 7)
    #expect(try directory.database().memory(of: other) == RunMemory())
    try directory.database().replace(RunMemory(), by: memory(5), in: other)
    #expect(try directory.database().memory(of: place) == memory(1))
  }

  /// A container's namespace ends with it, and no later run reads it.
  @Test func namespacesThatAreNoLongerReadExpire() throws {
    let other = MemoryScope(boot: place.boot, networkNamespace: .max - 7)
    try write(memory(1))
    try directory.database().replace(RunMemory(), by: memory(5), in: other)
    let seen = try #require(memory(1).connections[cookie(1)]).lastSeen
    for uptime in [0, seen, seen + 14 * day] {
      try directory.database().forgetOthers(than: [place], at: uptime)
      #expect(try directory.database().memory(of: other) == memory(5))
    }
    try directory.database().forgetOthers(than: [place, other], at: seen + 14 * day + 1)
    #expect(try directory.database().memory(of: other) == memory(5), "it is still read")
    try directory.database().forgetOthers(than: [place], at: seen + 14 * day + 1)
    #expect(try directory.database().memory(of: other) == RunMemory())
    #expect(try directory.database().memory(of: place) == memory(1))
  }

  @Test func dataOfOtherBootsIsIgnored() throws {
    try write(memory(1))
    let rebooted = MemoryScope(boot: "another", networkNamespace: place.networkNamespace)
    #expect(try directory.database().memory(of: rebooted) == RunMemory())
    try directory.database().replace(RunMemory(), by: memory(9), in: rebooted)
    #expect(try directory.database().memory(of: place) == RunMemory(), "and it is deleted")
  }

  @Test func readersDoNotCreateADatabase() throws {
    #expect(try HistoryDatabase(readingFrom: directory.open()) == nil)
    #expect(directory.names.isEmpty)
    try write(memory(1))
    let reader = try #require(try HistoryDatabase(readingFrom: directory.open()))
    #expect(try reader.memory(of: place) == memory(1))
    #expect(throws: HistoryProblem.self) {
      try reader.replace(RunMemory(), by: memory(2), in: place)
    }
  }

  @Test func emptyFilesAreEmptyDatabases() throws {
    try directory.write([])
    let reader = try #require(try HistoryDatabase(readingFrom: directory.open()))
    #expect(try reader.memory(of: place) == RunMemory())
    #expect(try directory.database().setAside == nil)
  }

  /// Databases left by runs whose disk was full.
  @Test(arguments: [
    "PRAGMA application_id = 0", "PRAGMA application_id = 1668441441",
    "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)",
    """
    PRAGMA application_id = 1668441441;
    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)
    """,
  ])
  func databasesWithoutTablesAreEmpty(content: String) throws {
    try sql("PRAGMA user_version = 1; " + content)
    let reader = try #require(try HistoryDatabase(readingFrom: directory.open()))
    #expect(try reader.memory(of: place) == RunMemory())
    let database = try directory.database()
    #expect(database.setAside == nil)
    try database.replace(RunMemory(), by: memory(1), in: place)
    #expect(try directory.database().memory(of: place) == memory(1))
  }

  @Test func tablesOfOtherProgramsAreDetected() throws {
    try sql(
      "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY); CREATE TABLE t (a)")
    #expect(try directory.database(now: 9).setAside?.fault == .foreign)
  }

  /// After the directory is checked and before the database is opened, someone with write access to
  /// the parent directory replaces the directory.
  @Test func replacedDirectoriesAreNotUsed() throws {
    try write(memory(1))
    let swapped = try TemporaryDirectory()
    let database = try swapped.database()
    try database.replace(RunMemory(), by: memory(66), in: place)
    let state = try directory.open()
    let aside = FilePath(directory.path.string + ".aside")
    #expect(rename(directory.path.string, aside.string) == 0)
    #expect(symlink(swapped.path.string, directory.path.string) == 0)
    defer {
      unlink(directory.path.string)
      rename(aside.string, directory.path.string)
    }
    let reader = try #require(try HistoryDatabase(readingFrom: state))
    #expect(try reader.memory(of: place) == memory(1))
    let writer = try HistoryDatabase(openingOrCreatingIn: state, now: 1)
    try writer.replace(memory(1), by: memory(1, 2), in: place)
    #expect(try reader.memory(of: place) == memory(1, 2))
    #expect(try swapped.database().memory(of: place) == memory(66), "it was not written to, either")
  }

  @Test func databasesLeaveNoDescriptorOpen() throws {
    let facts = try directory.path.stat()
    func directories() -> Int {
      (3..<1024).count { number in
        (try? FilePath("/proc/self/fd/\(number)").stat()).map {
          $0.inode == facts.inode && $0.deviceID == facts.deviceID
        } ?? false
      }
    }
    let before = directories()
    for _ in 0..<5 {
      try write(memory(1))
      _ = try HistoryDatabase(readingFrom: directory.open())
    }
    // The dispatch queue of a connection releases it in the background.
    let deadline = ContinuousClock.now + .seconds(60)
    while directories() != before, ContinuousClock.now < deadline { usleep(10_000) }
    #expect(directories() == before)
  }

  @Test func onlyTheOwnerCanReadTheFile() throws {
    try write(memory(1))
    var facts = stat()
    #expect(stat(directory.file.string, &facts) == 0)
    #expect(facts.st_mode & 0o777 == 0o600)
  }

  @Test func invalidRowsAreSkipped() throws {
    for change in [
      "cookie = 0", "cookie = -1", "family = 'ipx'", "local = 'x'", "peer_port = 70000",
      "interface = -1", "state = 'asleep'", "first_seen = 3000", "state_since = 3000",
      "last_seen = -5",
    ] {
      let fresh = try TemporaryDirectory()
      try fresh.database().replace(RunMemory(), by: memory(1), in: place)
      let queue = try DatabaseQueue(path: fresh.file.string)
      try queue.write { try $0.execute(sql: "UPDATE connection SET \(change)") }
      try queue.close()
      let read = try fresh.database().memory(of: place)
      #expect(read.connections.isEmpty, "\(change)")
      #expect(read.flags.isEmpty, "a flag without its connection is skipped")
    }
    try write(memory(1))
    try sql("UPDATE flag SET runs = -1; UPDATE round SET rounds = 9223372036854775807")
    let read = try directory.database().memory(of: place)
    #expect(read.flags.isEmpty && read.groups.isEmpty && read.connections.count == 1)
  }
}

/// Files that no run of connreap wrote are never trusted.
@Suite struct HistoryTrustTests {
  let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try directory.database().replace(RunMemory(), by: memory(1), in: place)
  }

  /// Checks that the test's database was renamed and replaced by an empty one.
  private func expectFresh(_ fault: HistoryProblem.Fault, now: Int) throws {
    #expect(throws: HistoryProblem.unusable(directory.file, fault)) {
      try HistoryDatabase(readingFrom: directory.open())
    }
    let before = try directory.read()
    let database = try directory.database(now: now)
    let newName = "connreap.db.\(fault.rawValue)-\(now)"
    let setAside = try #require(database.setAside)
    #expect(setAside.newName == newName && setAside.fault == fault)
    #expect("\(setAside)".contains(newName) && "\(setAside)".contains("is not used"))
    #expect(try directory.read(newName) == before, "the content is unchanged")
    #expect(try database.memory(of: place) == RunMemory())
    #expect(try directory.database().setAside == nil, "the new one is usable")
  }

  @Test func filesThatAreNoDatabaseAreSetAside() throws {
    try directory.write(Array("this is a text and no database, however long it may be".utf8))
    try expectFresh(.damaged, now: 5)
  }

  @Test func damagedPagesAreDetected() throws {
    var bytes = try directory.read()
    #expect(bytes.count > 8192)
    for index in stride(from: 4096, to: bytes.count, by: 7) { bytes[index] ^= 0xff }
    try directory.write(bytes)
    try expectFresh(.damaged, now: 6)
  }

  @Test func truncatedDatabasesAreDetected() throws {
    try directory.write(Array(try directory.read().dropLast(4096)))
    try expectFresh(.damaged, now: 7)
  }

  @Test(arguments: ["PRAGMA application_id = 77", "PRAGMA application_id = 0"])
  func databasesOfOtherProgramsAreSetAside(change: String) throws {
    let queue = try DatabaseQueue(path: directory.file.string)
    try queue.write { try $0.execute(sql: change) }
    try queue.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    try queue.close()
    try expectFresh(.foreign, now: 8)
  }

  @Test func databasesOfNewerVersionsAreKept() throws {
    let queue = try DatabaseQueue(path: directory.file.string)
    try queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99')") }
    try queue.close()
    #expect(throws: HistoryProblem.newer(directory.file)) { try directory.database() }
    #expect(directory.names.contains(HistoryDatabase.fileName))
  }

  @Test(arguments: ["connreap.db", "connreap.db-wal", "connreap.db-shm", "connreap.db-journal"])
  func symbolicLinksAreNotFollowed(name: String) throws {
    let target = directory.path.appending("target")
    unlink(directory.path.appending(name).string)
    #expect(symlink(target.string, directory.path.appending(name).string) == 0)
    let expected = HistoryProblem.untrusted(.symbolicLink(directory.path.appending(name)))
    #expect(throws: expected) { try directory.database() }
    #expect(throws: expected) { try HistoryDatabase(readingFrom: directory.open()) }
    #expect(!directory.names.contains("target"))
  }

  @Test(arguments: [mode_t(0o620), 0o602, 0o666])
  func filesWritableByOthersAreRefused(mode: mode_t) throws {
    #expect(chmod(directory.file.string, mode) == 0)
    #expect(
      throws: HistoryProblem.untrusted(
        .writableByOthers(directory.file, FilePermissions(rawValue: mode)))
    ) { try directory.database() }
  }

  @Test func anythingButARegularFileIsRefused() throws {
    unlink(directory.file.string)
    #expect(mkfifo(directory.file.string, 0o600) == 0)
    #expect(throws: HistoryProblem.untrusted(.notRegular(directory.file))) {
      try directory.database()
    }
  }

  @Test(.enabled(if: geteuid() == 0, "needs root")) func filesOfOtherUsersAreRefused() throws {
    #expect(chown(directory.file.string, 1, 1) == 0)
    #expect(
      throws: HistoryProblem.untrusted(.wrongOwner(directory.file, owner: 1, user: 0))
    ) { try directory.database() }
  }

  /// A run must find out that it cannot record its actions before it takes them.
  @Test func failedWritesAreAnError() throws {
    let database = try directory.database()
    let holder = try DatabaseQueue(path: directory.file.string)
    try holder.write { try $0.execute(sql: "DROP TABLE flag") }
    let problem = #expect(throws: HistoryProblem.self) {
      try database.replace(memory(1), by: memory(1, 2), in: place)
    }
    #expect("\(try #require(problem))".contains("no such table: flag"))
    #expect(
      try database.rowCount("connection") == 1, "a failed write changes nothing")
  }

  @Test func everyProblemHasAMessage() {
    let path = directory.file
    let problems: [HistoryProblem] = [
      .untrusted(.symbolicLink(path)), .unusable(path, .damaged), .unusable(path, .foreign),
      .newer(path), .cannotWrite(path, .noSpace),
      .database(path, code: 13, message: "database or disk is full"),
    ]
    for problem in problems { #expect("\(problem)".contains("\(path)")) }
    #expect("\(problems[4])" == "no space left on \(path)")
    #expect("\(problems[5])".hasSuffix("database or disk is full (SQLite 13)"))
  }
}

extension HistoryDatabase {
  /// The number of rows in a table, read through another connection.
  fileprivate func rowCount(_ table: String) throws -> Int {
    try DatabaseQueue(path: path.string).read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? -1
    }
  }
}
