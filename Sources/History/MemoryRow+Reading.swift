internal import Connections
internal import GRDB

// Reads rows strictly: a row with a value of the wrong type is invalid.
extension RememberedConnection {
  init?(_ row: Row) {
    guard let cookie = row.unsigned("cookie").flatMap(SocketCookie.init(rawValue:)),
      let family = AddressFamily.allCases.first(where: { $0.name == row.text("family") }),
      let local = row.endpoint("local", "local_port", family),
      let peer = row.endpoint("peer", "peer_port", family),
      let interface = row.unsigned("interface").flatMap(UInt32.init(exactly:)),
      let state = TCPState.allCases.first(where: { $0.name == row.text("state") }),
      let firstSeen = row.time("first_seen"), let stateSince = row.time("state_since"),
      let lastSeen = row.time("last_seen"), firstSeen <= lastSeen, stateSince <= lastSeen
    else { return nil }
    self.init(
      identity: SocketIdentity(
        local: local, peer: peer, family: family, interface: interface, cookie: cookie),
      state: state, firstSeen: firstSeen, stateSince: stateSince,
      idleSince: row.time("quiet_since").map { min($0, lastSeen) }, lastSeen: lastSeen,
      bytesAcknowledged: row.unsigned("bytes_acked"),
      bytesReceived: row.unsigned("bytes_received"))
  }
}

extension RememberedFlag {
  static func read(_ row: Row) -> (FlagKey, RememberedFlag)? {
    guard let cookie = row.unsigned("cookie").flatMap(SocketCookie.init(rawValue:)),
      let policy = row.text("policy"), let rules = row.unsigned("rules"),
      let runs = row.count("runs"), let missed = row.count("missed"),
      let armed = row.count("armed")
    else { return nil }
    return (
      FlagKey(policy: policy, cookie: cookie),
      RememberedFlag(rules: rules, runs: runs, missed: missed, isArmed: armed != 0)
    )
  }
}

extension RememberedGroup {
  static func read(_ row: Row) -> (RememberedGroupKey, RememberedGroup)? {
    guard let policy = row.text("policy"), let member = row.text("member"),
      let rules = row.unsigned("rules"), let rounds = row.count("rounds"),
      let quiet = row.count("quiet"), let firstRound = row.time("first_round"),
      let firstCount = row.count("first_count"), let closed = row.count("closed"),
      let told = row.count("told")
    else { return nil }
    return (
      RememberedGroupKey(policy: policy, group: KernelName(member)),
      RememberedGroup(
        rules: rules, rounds: rounds, quiet: quiet, firstRound: firstRound, firstCount: firstCount,
        closed: closed, isNotified: told != 0)
    )
  }
}

extension ClockReading {
  /// The reading in a row; nil if it is invalid.
  init?(_ row: Row) {
    guard let uptime = row.time("uptime"),
      let wall = Int64.fromDatabaseValue(row["wall"] ?? .null)
    else { return nil }
    self.init(uptime: uptime, wall: wall)
  }
}

extension Row {
  fileprivate func text(_ column: String) -> String? {
    String.fromDatabaseValue(self[column] ?? .null)
  }

  fileprivate func unsigned(_ column: String) -> UInt64? {
    Int64.fromDatabaseValue(self[column] ?? .null).map(UInt64.init(bitPattern:))
  }

  /// A number of milliseconds.
  fileprivate func time(_ column: String) -> UInt64? {
    unsigned(column).flatMap { $0 <= UInt64(Int64.max) ? $0 : nil }
  }

  /// A count, small enough that sums do not overflow.
  fileprivate func count(_ column: String) -> Int? {
    Int.fromDatabaseValue(self[column] ?? .null).flatMap { (0...1 << 40).contains($0) ? $0 : nil }
  }

  fileprivate func endpoint(
    _ address: String, _ port: String, _ family: AddressFamily
  ) -> Endpoint? {
    guard let text = text(address), let address = IPAddress(text: text[...]),
      let port = unsigned(port).flatMap(UInt16.init(exactly:))
    else { return nil }
    return Endpoint(address: IPAddress(bits: address.bits, family: family), port: port)
  }
}

extension Int64 {
  /// The signed number with the bits of an unsigned one.
  init(bits: UInt64) { self.init(bitPattern: bits) }
}
