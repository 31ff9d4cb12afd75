import Connections
import GRDB
import Glibc
import History
import StateFiles
import SystemPackage
import Testing

/// What one run writes, the next one reads; nothing else is believed.
@Suite struct HistoryDatabaseTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ after: RunMemory, before: RunMemory = RunMemory()) throws {
    try folder.database().replace(before, by: after, in: place)
  }

  private func sql(_ text: String) throws {
    let queue = try DatabaseQueue(path: folder.file.string)
    try queue.write { try $0.execute(sql: text) }
    try queue.close()
  }

  @Test func whatIsWrittenIsReadBack() throws {
    #expect(try folder.database().memory(of: place) == RunMemory())
    let written = memory(1, 2, .max - 1)
    try write(written)
    #expect(try folder.database().memory(of: place) == written)
  }

  @Test(arguments: [
    remembered(1, family: .ipv6, local: "::ffff:10.0.0.5", peer: "::ffff:10.0.0.9"),
    remembered(1, family: .ipv6, local: "fe80::1", peer: "2001:db8::2"),
    remembered(1, state: .timeWait, quietSince: nil, bytes: nil),
    remembered(1, quietSince: 0, bytes: .max),
  ])
  func everyKindOfConnectionIsReadBack(connection: RememberedConnection) throws {
    let written = RunMemory(connections: [cookie(1): connection])
    try write(written)
    #expect(try folder.database().memory(of: place) == written)
  }

  @Test func whatIsGoneFromTheMemoryIsGoneFromTheFile() throws {
    let before = memory(1, 2)
    try write(before)
    var after = before
    after.forget(cookie(1), flaggedBy: ["leak"])
    after.groups = [:]
    try write(after, before: before)
    let read = try folder.database().memory(of: place)
    #expect(read == after)
    #expect(read.connections.count == 1 && read.flags.count == 1)
  }

  @Test func groupsWhoseNamesDifferInBytesAloneAreApart() throws {
    var written = memory(1)
    for (name, rounds) in [("unit caf\u{e9}", 5), ("unit cafe\u{301}", 7)] {
      written.groups[RememberedGroupKey(policy: "leak", group: KernelName(name))] =
        RememberedGroup(rules: 1, rounds: rounds, firstRound: 1, firstCount: 1)
    }
    #expect(written.groups.count == 3)
    try write(written)
    #expect(try folder.database().memory(of: place) == written)
  }

  @Test func eachNamespaceHasItsOwn() throws {
    try write(memory(1))
    let other = MemoryPlace(boot: place.boot, networkNamespace: 7)
    #expect(try folder.database().memory(of: other) == RunMemory())
    try folder.database().replace(RunMemory(), by: memory(5), in: other)
    #expect(try folder.database().memory(of: place) == memory(1))
  }

  /// A container's namespace goes with it, and nobody looks there again.
  @Test func whatNobodyLooksAtIsForgottenByAge() throws {
    let other = MemoryPlace(boot: place.boot, networkNamespace: .max - 7)
    try write(memory(1))
    try folder.database().replace(RunMemory(), by: memory(5), in: other)
    let seen = try #require(memory(1).connections[cookie(1)]).lastSeen
    for uptime in [0, seen, seen + 14 * day] {
      try folder.database().forgetOthers(than: [place], at: uptime)
      #expect(try folder.database().memory(of: other) == memory(5))
    }
    try folder.database().forgetOthers(than: [place, other], at: seen + 14 * day + 1)
    #expect(try folder.database().memory(of: other) == memory(5), "it is looked at")
    try folder.database().forgetOthers(than: [place], at: seen + 14 * day + 1)
    #expect(try folder.database().memory(of: other) == RunMemory())
    #expect(try folder.database().memory(of: place) == memory(1))
  }

  @Test func cookiesOfAnotherBootMeanNothing() throws {
    try write(memory(1))
    let rebooted = MemoryPlace(boot: "another", networkNamespace: place.networkNamespace)
    #expect(try folder.database().memory(of: rebooted) == RunMemory())
    try folder.database().replace(RunMemory(), by: memory(9), in: rebooted)
    #expect(try folder.database().memory(of: place) == RunMemory(), "and are not kept either")
  }

  @Test func aReaderFindsNothingWhereThereIsNothingAndMakesNothing() throws {
    #expect(try HistoryDatabase(readingFrom: folder.open()) == nil)
    #expect(folder.names.isEmpty)
    try write(memory(1))
    let reader = try #require(try HistoryDatabase(readingFrom: folder.open()))
    #expect(try reader.memory(of: place) == memory(1))
    #expect(throws: HistoryProblem.self) {
      try reader.replace(RunMemory(), by: memory(2), in: place)
    }
  }

  @Test func anEmptyFileIsADatabaseThatWasNotBegun() throws {
    try folder.write([])
    let reader = try #require(try HistoryDatabase(readingFrom: folder.open()))
    #expect(try reader.memory(of: place) == RunMemory())
    #expect(try folder.database().setAside == nil)
  }

  /// What runs whose disk was full have left.
  @Test(arguments: [
    "PRAGMA application_id = 0", "PRAGMA application_id = 1668441441",
    "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)",
    """
    PRAGMA application_id = 1668441441;
    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)
    """,
  ])
  func aDatabaseWithoutTablesWasNotBegun(content: String) throws {
    try sql("PRAGMA user_version = 1; " + content)
    let reader = try #require(try HistoryDatabase(readingFrom: folder.open()))
    #expect(try reader.memory(of: place) == RunMemory())
    let database = try folder.database()
    #expect(database.setAside == nil)
    try database.replace(RunMemory(), by: memory(1), in: place)
    #expect(try folder.database().memory(of: place) == memory(1))
  }

  @Test func aTableOfAnotherProgramIsNotOverlooked() throws {
    try sql(
      "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY); CREATE TABLE t (a)")
    #expect(try folder.database(now: 9).setAside?.fault == .foreign)
  }

  /// Between the check of the directory and the opening of the database, somebody who may write in
  /// the directory above puts another in its place.
  @Test func aDirectoryThatIsSwappedIsNotUsed() throws {
    try write(memory(1))
    let swapped = try TemporaryFolder()
    let database = try swapped.database()
    try database.replace(RunMemory(), by: memory(66), in: place)
    let state = try folder.open()
    let aside = FilePath(folder.path.string + ".aside")
    #expect(rename(folder.path.string, aside.string) == 0)
    #expect(symlink(swapped.path.string, folder.path.string) == 0)
    defer {
      unlink(folder.path.string)
      rename(aside.string, folder.path.string)
    }
    let reader = try #require(try HistoryDatabase(readingFrom: state))
    #expect(try reader.memory(of: place) == memory(1))
    let writer = try HistoryDatabase(openingOrMakingIn: state, now: 1)
    try writer.replace(memory(1), by: memory(1, 2), in: place)
    #expect(try reader.memory(of: place) == memory(1, 2))
    #expect(try swapped.database().memory(of: place) == memory(66), "nor written to")
  }

  @Test func aDatabaseLeavesNoDescriptorBehind() throws {
    let facts = try folder.path.stat()
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
      _ = try HistoryDatabase(readingFrom: folder.open())
    }
    // The dispatch queue of a connection lets go of it in the background.
    let deadline = ContinuousClock.now + .seconds(60)
    while directories() != before, ContinuousClock.now < deadline { usleep(10_000) }
    #expect(directories() == before)
  }

  @Test func onlyItsOwnerCanReadIt() throws {
    try write(memory(1))
    var facts = stat()
    #expect(stat(folder.file.string, &facts) == 0)
    #expect(facts.st_mode & 0o777 == 0o600)
  }

  @Test func aRowThatMakesNoSenseIsNone() throws {
    for change in [
      "cookie = 0", "cookie = -1", "family = 'ipx'", "local = 'x'", "peer_port = 70000",
      "interface = -1", "state = 'asleep'", "first_seen = 3000", "state_since = 3000",
      "last_seen = -5",
    ] {
      let fresh = try TemporaryFolder()
      try fresh.database().replace(RunMemory(), by: memory(1), in: place)
      let queue = try DatabaseQueue(path: fresh.file.string)
      try queue.write { try $0.execute(sql: "UPDATE connection SET \(change)") }
      try queue.close()
      let read = try fresh.database().memory(of: place)
      #expect(read.connections.isEmpty, "\(change)")
      #expect(read.flags.isEmpty, "a flag without its connection says nothing")
    }
    try write(memory(1))
    try sql("UPDATE flag SET runs = -1; UPDATE round SET rounds = 9223372036854775807")
    let read = try folder.database().memory(of: place)
    #expect(read.flags.isEmpty && read.groups.isEmpty && read.connections.count == 1)
  }
}

/// A file that is not what a run wrote is never believed.
@Suite struct HistoryTrustTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.database().replace(RunMemory(), by: memory(1), in: place)
  }

  /// What is left when the database of a test was set aside.
  private func expectFresh(_ fault: HistoryProblem.Fault, now: Int) throws {
    #expect(throws: HistoryProblem.unusable(folder.file, fault)) {
      try HistoryDatabase(readingFrom: folder.open())
    }
    let before = try folder.read()
    let database = try folder.database(now: now)
    let newName = "connreap.db.\(fault.rawValue)-\(now)"
    let setAside = try #require(database.setAside)
    #expect(setAside.newName == newName && setAside.fault == fault)
    #expect("\(setAside)".contains(newName) && "\(setAside)".contains("is not used"))
    #expect(try folder.read(newName) == before, "kept as it was")
    #expect(try database.memory(of: place) == RunMemory())
    #expect(try folder.database().setAside == nil, "and the new one is fine")
  }

  @Test func whatIsNoDatabaseIsSetAside() throws {
    try folder.write(Array("this is a text and no database, however long it may be".utf8))
    try expectFresh(.damaged, now: 5)
  }

  @Test func aDamagedPageIsFound() throws {
    var bytes = try folder.read()
    #expect(bytes.count > 8192)
    for index in stride(from: 4096, to: bytes.count, by: 7) { bytes[index] ^= 0xff }
    try folder.write(bytes)
    try expectFresh(.damaged, now: 6)
  }

  @Test func aDatabaseThatWasCutOffIsFound() throws {
    try folder.write(Array(try folder.read().dropLast(4096)))
    try expectFresh(.damaged, now: 7)
  }

  @Test(arguments: ["PRAGMA application_id = 77", "PRAGMA application_id = 0"])
  func theDatabaseOfAnotherProgramIsSetAside(change: String) throws {
    let queue = try DatabaseQueue(path: folder.file.string)
    try queue.write { try $0.execute(sql: change) }
    try queue.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    try queue.close()
    try expectFresh(.foreign, now: 8)
  }

  @Test func aLaterVersionsIsLeftAlone() throws {
    let queue = try DatabaseQueue(path: folder.file.string)
    try queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99')") }
    try queue.close()
    #expect(throws: HistoryProblem.newer(folder.file)) { try folder.database() }
    #expect(folder.names.contains(HistoryDatabase.fileName))
  }

  @Test(arguments: ["connreap.db", "connreap.db-wal", "connreap.db-shm", "connreap.db-journal"])
  func aSymbolicLinkIsNotFollowed(name: String) throws {
    let target = folder.path.appending("target")
    unlink(folder.path.appending(name).string)
    #expect(symlink(target.string, folder.path.appending(name).string) == 0)
    let expected = HistoryProblem.untrusted(.symbolicLink(folder.path.appending(name)))
    #expect(throws: expected) { try folder.database() }
    #expect(throws: expected) { try HistoryDatabase(readingFrom: folder.open()) }
    #expect(!folder.names.contains("target"))
  }

  @Test(arguments: [mode_t(0o620), 0o602, 0o666])
  func whatOthersCanWriteIsRefused(mode: mode_t) throws {
    #expect(chmod(folder.file.string, mode) == 0)
    #expect(
      throws: HistoryProblem.untrusted(
        .writableByOthers(folder.file, FilePermissions(rawValue: mode)))
    ) { try folder.database() }
  }

  @Test func whatIsNoFileIsRefused() throws {
    unlink(folder.file.string)
    #expect(mkfifo(folder.file.string, 0o600) == 0)
    #expect(throws: HistoryProblem.untrusted(.notRegular(folder.file))) {
      try folder.database()
    }
  }

  @Test(.enabled(if: geteuid() == 0, "needs root")) func anotherUsersIsRefused() throws {
    #expect(chown(folder.file.string, 1, 1) == 0)
    #expect(
      throws: HistoryProblem.untrusted(.notOurs(folder.file, owner: 1, user: 0))
    ) { try folder.database() }
  }

  /// A run that cannot write down what it is about to do must know that before it does it.
  @Test func whatCannotBeWrittenIsAnError() throws {
    let database = try folder.database()
    let holder = try DatabaseQueue(path: folder.file.string)
    try holder.write { try $0.execute(sql: "DROP TABLE flag") }
    let problem = #expect(throws: HistoryProblem.self) {
      try database.replace(memory(1), by: memory(1, 2), in: place)
    }
    #expect("\(try #require(problem))".contains("no such table: flag"))
    #expect(
      try database.queueCount("connection") == 1, "a run that fails has written nothing at all")
  }

  @Test func everyProblemHasWordsForAUser() {
    let path = folder.file
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
  /// How many rows a table has, as another connection sees it.
  fileprivate func queueCount(_ table: String) throws -> Int {
    try DatabaseQueue(path: path.string).read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? -1
    }
  }
}
