import Connections
import GRDB
import History
import SystemPackage
import Testing

/// Whether the stored times come from the current clock.
@Suite struct HistoryClockTests {
  let directory: TemporaryDirectory
  private let hour: UInt64 = 3_600_000
  private let first = ClockReading(uptime: 10 * day, wall: 1_800_000_000_000)

  init() throws { directory = try TemporaryDirectory() }

  private func later(_ uptime: UInt64, _ wall: UInt64) -> ClockReading {
    ClockReading(uptime: first.uptime + uptime, wall: first.wall + Int64(wall))
  }

  private func doubt(_ reading: ClockReading) throws -> ClockDoubt? {
    try directory.database().doubt(about: place.boot, at: reading)
  }

  @Test func emptyDatabasesRaiseNoDoubt() throws {
    #expect(try doubt(first) == nil)
    let database = try directory.database()
    try database.note(first, of: place.boot)
    #expect(try doubt(first) == nil)
    #expect(try doubt(later(hour, hour)) == nil)
  }

  @Test func theLastReadingCounts() throws {
    try directory.database().note(first, of: place.boot)
    try directory.database().note(later(hour, hour), of: place.boot)
    #expect(try doubt(later(2 * hour, 2 * hour)) == nil)
    #expect(try doubt(first) == .wentBack(by: hour))
    #expect(try doubt(later(9 * day, 2 * hour)) == .ranAhead(by: 9 * day - 2 * hour))
    let reader = try #require(try HistoryDatabase(readingFrom: directory.open()))
    #expect(try reader.doubt(about: place.boot, at: first) == .wentBack(by: hour))
  }

  @Test func bootsHaveSeparateClocks() throws {
    try directory.database().note(later(9 * day, 9 * day), of: place.boot)
    #expect(try directory.database().doubt(about: "another", at: first) == nil)
    try directory.database().note(first, of: "another")
    #expect(try doubt(first) == nil, "readings of other boots are not kept")
  }

  @Test func dataOfEarlierVersionsIsDoubted() throws {
    try directory.database().replace(RunMemory(), by: memory(1), in: place)
    #expect(try doubt(first) == .fromEarlierVersion, "there is data but no clock reading")
    #expect(try directory.database().doubt(about: "another", at: first) == nil)
    // A database of the first version, without the table.
    let queue = try DatabaseQueue(path: directory.file.string)
    try queue.write {
      try $0.execute(
        sql: "DROP TABLE clock; DELETE FROM grdb_migrations WHERE identifier = '2'")
    }
    try queue.close()
    let reader = try #require(try HistoryDatabase(readingFrom: directory.open()))
    #expect(try reader.doubt(about: place.boot, at: first) == .fromEarlierVersion)
    #expect(try doubt(first) == .fromEarlierVersion, "migrated")
    try directory.database().note(first, of: place.boot)
    #expect(try doubt(first) == nil)
  }

  @Test func forgettingABootKeepsOtherBoots() throws {
    try directory.database().replace(RunMemory(), by: memory(1), in: place)
    let elsewhere = MemoryScope(boot: place.boot, networkNamespace: 7)
    try directory.database().replace(RunMemory(), by: memory(5), in: elsewhere)
    try directory.database().forget(boot: "another")
    #expect(try directory.database().memory(of: place) == memory(1))
    try directory.database().forget(boot: place.boot)
    #expect(try directory.database().memory(of: place) == RunMemory())
    #expect(try directory.database().memory(of: elsewhere) == RunMemory())
    #expect(try doubt(first) == nil, "nothing is left to doubt")
  }

  @Test func invalidReadingsAreIgnored() throws {
    try directory.database().note(first, of: place.boot)
    try directory.database().replace(RunMemory(), by: memory(1), in: place)
    let queue = try DatabaseQueue(path: directory.file.string)
    try queue.write { try $0.execute(sql: "UPDATE clock SET uptime = -1") }
    try queue.close()
    #expect(try doubt(first) == .fromEarlierVersion)
  }
}
