import Connections
import TestSupport
import Testing

private let day: UInt64 = 86_400_000

private func row(
  _ state: TCPState = .established, idle: UInt32 = 0, acknowledged: UInt32? = nil,
  bytes: UInt64? = 100, received: UInt64? = nil, inFlight: UInt32 = 0, sendQueue: UInt32 = 0,
  timer: ConnectionTimer.Kind = .off, retransmits: UInt8 = 0
) -> Connection {
  var figures = TCPFigures(
    sent: idle, received: idle, acknowledged: acknowledged ?? idle, unacknowledged: inFlight)
  figures.bytesAcknowledged = bytes
  figures.bytesReceived = received ?? bytes
  return .row(
    state, sendQueue: sendQueue, timer: timer, retransmits: retransmits, figures: figures)
}

@Suite("Remembered connections")
struct RememberedConnectionTests {
  private let start = 100 * day

  @Test("Seen once, it adds the time that has passed to the kernel's times")
  func once() throws {
    let first = RememberedConnection(row(idle: 5000), at: start)
    let past = try #require(first.past(of: row(idle: 8000), at: start + 3000))
    #expect(past == ConnectionPast(age: 3000, inState: 3000, idle: 8000))
    let at = try #require(first.past(of: row(idle: 5000), at: start))
    #expect(at == ConnectionPast(age: 0, inState: 0, idle: 5000))
  }

  @Test("Idle time is right for 120 days, although the kernel's counter wraps twice")
  func wrap() throws {
    var remembered = RememberedConnection(row(idle: 0), at: start)
    for number in 1...120 {
      let now = start + UInt64(number) * day
      let kernel = UInt32(truncatingIfNeeded: UInt64(number) * day)
      let past = try #require(remembered.past(of: row(idle: kernel), at: now))
      #expect(past.idle == UInt64(number) * day, "day \(number)")
      #expect(row(idle: kernel).idle(given: past) == UInt64(number) * day)
      #expect(past.age == UInt64(number) * day)
      remembered = remembered.seenAgain(row(idle: kernel), at: now)
    }
  }

  @Test("A byte in either direction ends the idle time")
  func moved() throws {
    let first = RememberedConnection(row(idle: 5000, bytes: 100), at: start)
    for now in [row(idle: 10, bytes: 101, received: 100), row(idle: 10, bytes: 100, received: 101)]
    {
      #expect(try #require(first.past(of: now, at: start + day)).idle == 10)
      #expect(try #require(first.past(of: now, at: start + day)).age == day)
      #expect(!first.isUnchanged(in: now, at: start + day))
    }
    #expect(first.isUnchanged(in: row(idle: 10), at: start + day))
    #expect(!first.isUnchanged(in: row(.closeWait, idle: 10), at: start + day))
  }

  @Test("Without counters, or with data in flight, only the kernel's times count")
  func unsure() throws {
    let first = RememberedConnection(row(idle: 5000), at: start)
    let without = row(idle: 10, bytes: nil)
    #expect(try #require(first.past(of: without, at: start + day)).idle == 10)
    let waiting = row(idle: 10, inFlight: 1)
    #expect(try #require(first.past(of: waiting, at: start + day)).idle == 10)
    #expect(!first.isUnchanged(in: without, at: start + day))
    let bare = RememberedConnection(row(idle: 5000, bytes: nil), at: start)
    #expect(try #require(bare.past(of: row(idle: 10), at: start + day)).idle == 10)
    let mute = Connection.row(.timeWait, inode: 0)
    #expect(try #require(first.past(of: mute, at: start + day)).idle == nil)
  }

  @Test("Stuck data does not end the idle time while the byte counters are unchanged")
  func stuck() throws {
    let first = RememberedConnection(row(idle: 5000), at: start)
    let stuck = [
      row(idle: 10, sendQueue: 1, timer: .zeroWindowProbe),
      row(idle: 10, inFlight: 1, timer: .retransmit, retransmits: 1),
    ]
    for now in stuck {
      #expect(try #require(first.past(of: now, at: start + day)).idle == day + 5000)
      #expect(now.idle(given: first.past(of: now, at: start + day)) == day + 5000)
      #expect(first.isUnchanged(in: now, at: start + day))
    }
    let moved = row(idle: 10, bytes: 101, received: 100, sendQueue: 1, timer: .zeroWindowProbe)
    #expect(try #require(first.past(of: moved, at: start + day)).idle == 10)
    // Sent for the first time just now: it may still arrive.
    let sent = row(idle: 10, inFlight: 1, timer: .retransmit)
    #expect(try #require(first.past(of: sent, at: start + day)).idle == 10)
  }

  @Test("Times that the kernel's rule out come from another clock")
  func impossible() throws {
    let start = 20 * day
    let first = RememberedConnection(row(.closeWait, idle: 5000, acknowledged: 1000), at: start)
    // The FIN came after the last data, 20 s ago, unless the kernel's counter has wrapped.
    let fresh = row(.closeWait, idle: 20_000, acknowledged: 10)
    #expect(first.past(of: fresh, at: start + 19_000)?.inState == 20_000)
    #expect(first.past(of: fresh, at: start + 9 * day) == nil)
    #expect(
      first.seenAgain(fresh, at: start + 9 * day)
        == RememberedConnection(fresh, at: start + 9 * day))
    #expect(!first.isUnchanged(in: fresh, at: start + 9 * day))
    #expect(first.past(of: fresh, at: start + 50 * day)?.inState == 50 * day + 1000)
    // 60 days after the last data, the kernel reports 10.3 days: 40 days in the state are possible.
    let wrapped = row(.closeWait, idle: UInt32(truncatingIfNeeded: 60 * day), acknowledged: 10)
    #expect(first.past(of: wrapped, at: start + 40 * day)?.inState == 40 * day + 1000)
    // The kernel keeps no bound for FIN-WAIT-2.
    let other = RememberedConnection(row(.finWait2, idle: 5000), at: start)
    #expect(other.past(of: row(.finWait2, idle: 20), at: start + 9 * day)?.inState == 9 * day)
  }

  @Test("A change of state restarts its time, from what the kernel knows about the new state")
  func states() throws {
    var remembered = RememberedConnection(row(.established), at: start)
    let closing = row(.closeWait, idle: 9000, acknowledged: 4000)
    let past = try #require(remembered.past(of: closing, at: start + day))
    #expect(past.inState == 4000)
    #expect(past.age == day)
    remembered = remembered.seenAgain(closing, at: start + day)
    // Later acknowledgements shorten the kernel's bound; the remembered one remains.
    let later = row(.closeWait, idle: 20_000, acknowledged: 10)
    #expect(try #require(remembered.past(of: later, at: start + day + 11_000)).inState == 15_000)
    #expect(
      later.inStateAtLeast(given: remembered.past(of: later, at: start + day + 11_000))
        == 15_000)
  }

  @Test("A reconnected socket with the same cookie is another connection")
  func another() {
    let first = RememberedConnection(row(), at: start)
    #expect(first.past(of: row(bytes: 99), at: start + day) == nil, "its counters restarted")
    var moved = row()
    moved = Connection(
      identity: SocketIdentity(
        local: moved.local, peer: Endpoint(address: moved.peer.address, port: 1), family: .ipv4,
        interface: 0, cookie: moved.cookie), state: moved.state, inode: 1, userID: 0,
      receiveQueue: 0, sendQueue: 0, timer: moved.timer, figures: TCPFigures())
    #expect(first.past(of: moved, at: start + day) == nil)
    #expect(first.seenAgain(moved, at: start + day) == RememberedConnection(moved, at: start + day))
  }

  @Test("After the clock went back, the history is ignored")
  func backwards() {
    let first = RememberedConnection(row(), at: start)
    #expect(first.past(of: row(), at: start - 1) == nil)
    #expect(first.past(of: row(), at: 0) == nil)
  }

  @Test("Times before boot become the time of boot")
  func early() throws {
    let first = RememberedConnection(row(.closeWait, idle: 9000), at: 1000)
    #expect(first.stateSince == 0 && first.idleSince == 0)
  }

  @Test("Times never exceed the time that has passed")
  func bounds() throws {
    var generator = Seeded(5)
    for _ in 0..<500 {
      var now = UInt64.random(in: 0...day, using: &generator)
      var bytes = UInt64.random(in: 0...3, using: &generator)
      var remembered = RememberedConnection(
        row(idle: UInt32.random(in: 0...UInt32(now / 2 + 1), using: &generator), bytes: bytes),
        at: now)
      let first = now
      for _ in 0..<6 {
        now += UInt64.random(in: 0...day, using: &generator)
        bytes += UInt64.random(in: 0...1, using: &generator)
        let seen = row(idle: UInt32.random(in: 0...1000, using: &generator), bytes: bytes)
        let past = try #require(remembered.past(of: seen, at: now))
        #expect(past.age == now - first)
        #expect(past.inState == now - first)
        #expect(try #require(past.idle) <= now)
        #expect(try #require(past.idle) >= UInt64(try #require(seen.idle)).clamped(to: now))
        remembered = remembered.seenAgain(seen, at: now)
      }
    }
  }
}

extension UInt64 {
  fileprivate func clamped(to maximum: UInt64) -> UInt64 { Swift.min(self, maximum) }
}

@Suite("Connections that earlier runs saw")
struct PastConnectionsTests {
  @Test("They are found by cookie, as of the scan")
  func lookUp() {
    let first = RememberedConnection(row(), at: 5000)
    let past = PastConnections([first.identity.cookie: first], at: 9000)
    #expect(past.past(of: row())?.age == 4000)
    #expect(PastConnections.unknown.past(of: row()) == nil)
  }

  @Test("Growth includes the connections closed meanwhile")
  func growth() {
    let group = RememberedGroup(
      rules: 1, rounds: 3, firstRound: 1000, firstCount: 100, closed: 350)
    #expect(group.growthPerHour(count: 50, at: 1000 + 3_600_000) == 300)
    #expect(group.growthPerHour(count: 50, at: 1000 + 1_800_000) == 600)
    #expect(group.growthPerHour(count: 50, at: 1999) == nil, "too early to calculate")
    #expect(group.growthPerHour(count: 50, at: 0) == nil)
  }
}
