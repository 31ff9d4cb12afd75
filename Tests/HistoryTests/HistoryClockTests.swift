import Connections
import GRDB
import History
import SystemPackage
import Testing

/// By which clock the moments were written that are remembered.
@Suite struct HistoryClockTests {
  let folder: TemporaryFolder
  private let hour: UInt64 = 3_600_000
  private let first = ClockReading(uptime: 10 * day, wall: 1_800_000_000_000)

  init() throws { folder = try TemporaryFolder() }

  private func later(_ uptime: UInt64, _ wall: UInt64) -> ClockReading {
    ClockReading(uptime: first.uptime + uptime, wall: first.wall + Int64(wall))
  }

  private func doubt(_ reading: ClockReading) throws -> ClockDoubt? {
    try folder.database().doubt(about: place.boot, at: reading)
  }

  @Test func anEmptyDatabaseIsNotDoubted() throws {
    #expect(try doubt(first) == nil)
    let database = try folder.database()
    try database.note(first, of: place.boot)
    #expect(try doubt(first) == nil)
    #expect(try doubt(later(hour, hour)) == nil)
  }

  @Test func theLastReadingCounts() throws {
    try folder.database().note(first, of: place.boot)
    try folder.database().note(later(hour, hour), of: place.boot)
    #expect(try doubt(later(2 * hour, 2 * hour)) == nil)
    #expect(try doubt(first) == .wentBack(by: hour))
    #expect(try doubt(later(9 * day, 2 * hour)) == .ranAhead(by: 9 * day - 2 * hour))
    let reader = try #require(try HistoryDatabase(readingFrom: folder.open()))
    #expect(try reader.doubt(about: place.boot, at: first) == .wentBack(by: hour))
  }

  @Test func anotherBootIsAnotherClock() throws {
    try folder.database().note(later(9 * day, 9 * day), of: place.boot)
    #expect(try folder.database().doubt(about: "another", at: first) == nil)
    try folder.database().note(first, of: "another")
    #expect(try doubt(first) == nil, "what other boots showed is not kept")
  }

  @Test func whatAnEarlierVersionRemembersIsDoubted() throws {
    try folder.database().replace(RunMemory(), by: memory(1), in: place)
    #expect(try doubt(first) == .ofEarlierVersion, "it is remembered and no clock is")
    #expect(try folder.database().doubt(about: "another", at: first) == nil)
    // As the first version left it: without the table.
    let queue = try DatabaseQueue(path: folder.file.string)
    try queue.write {
      try $0.execute(
        sql: "DROP TABLE clock; DELETE FROM grdb_migrations WHERE identifier = '2'")
    }
    try queue.close()
    let reader = try #require(try HistoryDatabase(readingFrom: folder.open()))
    #expect(try reader.doubt(about: place.boot, at: first) == .ofEarlierVersion)
    #expect(try doubt(first) == .ofEarlierVersion, "migrated")
    try folder.database().note(first, of: place.boot)
    #expect(try doubt(first) == nil)
  }

  @Test func whatIsForgottenIsOfThatBootAlone() throws {
    try folder.database().replace(RunMemory(), by: memory(1), in: place)
    let elsewhere = MemoryPlace(boot: place.boot, networkNamespace: 7)
    try folder.database().replace(RunMemory(), by: memory(5), in: elsewhere)
    try folder.database().forget(boot: "another")
    #expect(try folder.database().memory(of: place) == memory(1))
    try folder.database().forget(boot: place.boot)
    #expect(try folder.database().memory(of: place) == RunMemory())
    #expect(try folder.database().memory(of: elsewhere) == RunMemory())
    #expect(try doubt(first) == nil, "nothing is left to doubt")
  }

  @Test func aReadingThatMakesNoSenseIsNone() throws {
    try folder.database().note(first, of: place.boot)
    try folder.database().replace(RunMemory(), by: memory(1), in: place)
    let queue = try DatabaseQueue(path: folder.file.string)
    try queue.write { try $0.execute(sql: "UPDATE clock SET uptime = -1") }
    try queue.close()
    #expect(try doubt(first) == .ofEarlierVersion)
  }
}
