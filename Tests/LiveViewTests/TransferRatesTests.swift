import Connections
import TestSupport
import Testing

@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// Rates are counter differences divided by the elapsed time, or unknown.
@Suite struct TransferRatesTests {
  private var scene: TopScene
  private var rates = TransferRates()

  init() {
    scene = TopScene([
      FakeSocket(cookie: 1, inode: 11) {
        $0.info?.bytesAcked = 1000
        $0.info?.bytesReceived = 50
      },
      FakeSocket(cookie: 2, inode: 12) { $0.info = nil },
    ])
  }

  private func key(_ cookie: UInt64) throws -> ConnectionKey {
    ConnectionKey(namespace: 4711, cookie: try #require(SocketCookie(rawValue: cookie)))
  }

  private mutating func scan(
    after time: Duration, _ change: (inout [FakeSocket]) -> Void = { _ in }
  ) throws {
    change(&scene.sockets)
    scene.time += time
    rates.take(try scene.scan().snapshot, at: scene.time)
  }

  @Test mutating func theFirstScanHasNoRates() throws {
    try scan(after: .zero)
    #expect(try rates[key(1)] == .unknown)
    #expect(try rates[key(7)] == .unknown)
  }

  @Test mutating func theDifferenceIsDividedByTheElapsedTime() throws {
    try scan(after: .zero)
    try scan(after: .milliseconds(2500)) {
      $0[0].info?.bytesAcked = 6000
      $0[0].info?.bytesReceived = 50
    }
    #expect(try rates[key(1)] == TransferRate(sent: 2000, received: 0))
  }

  @Test mutating func withoutCountersTheRateIsUnknown() throws {
    try scan(after: .zero)
    try scan(after: .seconds(2))
    #expect(try rates[key(2)] == .unknown)
  }

  @Test mutating func aDecreasedCounterGivesNoRate() throws {
    try scan(after: .zero)
    try scan(after: .seconds(2)) { $0[0].info?.bytesAcked = 999 }
    #expect(try rates[key(1)] == TransferRate(sent: nil, received: 0))
    try scan(after: .seconds(1)) { $0[0].info?.bytesAcked = 1999 }
    #expect(try rates[key(1)] == TransferRate(sent: 1000, received: 0))
  }

  @Test mutating func countersHave64Bits() throws {
    try scan(after: .zero) { $0[0].info?.bytesAcked = .max - 10 }
    try scan(after: .seconds(1)) { $0[0].info?.bytesAcked = .max }
    #expect(try rates[key(1)].sent == 10)
  }

  @Test mutating func scansTooCloseTogetherKeepTheLastRate() throws {
    try scan(after: .zero)
    try scan(after: .seconds(1)) { $0[0].info?.bytesAcked = 2000 }
    try scan(after: .milliseconds(50)) { $0[0].info?.bytesAcked = 2500 }
    #expect(try rates[key(1)].sent == 1000)
    try scan(after: .milliseconds(950)) { $0[0].info?.bytesAcked = 5000 }
    #expect(try rates[key(1)].sent == 3000, "since the last scan that counted")
  }

  @Test mutating func aConnectionMissingFromOneScanStartsOver() throws {
    try scan(after: .zero)
    let all = scene.sockets
    try scan(after: .seconds(1)) { $0.removeFirst() }
    try scan(after: .seconds(1)) { $0 = all }
    #expect(try rates[key(1)] == .unknown)
  }

  @Test mutating func ratesAreAlsoFoundByIndex() throws {
    try scan(after: .zero)
    try scan(after: .seconds(1)) { $0[0].info?.bytesAcked = 1500 }
    #expect(rates[0].sent == 500 && rates[1] == .unknown && rates[2] == .unknown)
  }

  @Test mutating func connectionsAreNewForFiveSeconds() throws {
    try scan(after: .zero)
    #expect(!rates.isNew(0))
    try scan(after: .seconds(1)) { $0.append(FakeSocket(cookie: 3, inode: 13)) }
    #expect(!rates.isNew(0) && rates.isNew(2))
    try scan(after: .milliseconds(100))
    #expect(rates.isNew(2), "also if the scan is too close for a rate")
    try scan(after: .seconds(4))
    #expect(rates.isNew(2))
    try scan(after: .seconds(1))
    #expect(!rates.isNew(2))
  }

  @Test func sumsWithUnknownRatesAreLowerBounds() {
    var sum = RateSum()
    #expect(sum.text == "–")
    sum.add(nil)
    #expect(sum.text == "–")
    sum.add(1500)
    #expect(sum.text == "≥1.4k")
    var known = RateSum()
    known.add(0)
    known.add(12)
    #expect(known.text == "12")
  }
}
