public import Connections
internal import GRDB

/// The boot and the network namespace that cookies and times belong to.
public struct MemoryScope: Hashable, Sendable {
  /// The boot ID.
  public let boot: String
  /// The inode number of the network namespace.
  public let networkNamespace: UInt64

  /// The namespace with this inode number, in this boot.
  public init(boot: String, networkNamespace: UInt64) {
    self.boot = boot
    self.networkNamespace = networkNamespace
  }
}

extension HistoryDatabase {
  /// The tables with data of earlier runs.
  static let memoryTables = ["connection", "flag", "round"]

  /// The data that earlier runs stored for `place`. Invalid rows are skipped.
  public func memory(of place: MemoryScope) throws(HistoryProblem) -> RunMemory {
    try Self.rethrowing(at: path) {
      try queue.read { db in
        // A run may have been interrupted before it created a table.
        guard try db.tableExists("round") else { return RunMemory() }
        var memory = RunMemory()
        let arguments: StatementArguments = [place.boot, Int64(bits: place.networkNamespace)]
        func rows(of table: String) throws -> RowCursor {
          try Row.fetchCursor(
            db, sql: "SELECT * FROM \(table) WHERE boot = ? AND netns = ?", arguments: arguments)
        }
        let connections = try rows(of: "connection")
        while let row = try connections.next() {
          guard let connection = RememberedConnection(row) else { continue }
          memory.connections[connection.identity.cookie] = connection
        }
        let flags = try rows(of: "flag")
        while let row = try flags.next() {
          guard let (key, flag) = RememberedFlag.read(row),
            memory.connections[key.cookie] != nil
          else { continue }
          memory.flags[key] = flag
        }
        let rounds = try rows(of: "round")
        while let row = try rounds.next() {
          guard let (key, group) = RememberedGroup.read(row) else { continue }
          memory.groups[key] = group
        }
        return memory
      }
    }
  }

  /// Replaces `before`, which this run read from `place`, by `memory`.
  ///
  /// It writes only the differences. It deletes the data of other boots, which is meaningless now.
  public func replace(
    _ before: RunMemory, by memory: RunMemory, in place: MemoryScope
  ) throws(HistoryProblem) {
    try Self.rethrowing(at: path) {
      try queue.write { db in
        for table in Self.memoryTables {
          try db.execute(
            sql: "DELETE FROM \(table) WHERE boot <> ?", arguments: [place.boot])
        }
        try Self.write(before.connections, memory.connections, ConnectionRows(place), db)
        try Self.write(before.flags, memory.flags, FlagRows(place), db)
        try Self.write(before.groups, memory.groups, RoundRows(place), db)
      }
    }
  }

  /// Deletes data of namespaces other than `places` that no run has seen for
  /// ``Connections/RunMemory/longestAbsence``. Such a namespace may be gone for good.
  ///
  /// - Parameters:
  ///   - places: the namespaces to keep, all of one boot.
  ///   - uptime: the current uptime of that boot, in milliseconds.
  public func forgetOthers(
    than places: [MemoryScope], at uptime: UInt64
  ) throws(HistoryProblem) {
    guard uptime > RunMemory.longestAbsence else { return }
    try Self.rethrowing(at: path) {
      try queue.write { db in
        let numbers = places.map { "\(Int64(bits: $0.networkNamespace))" }.joined(separator: ",")
        let elsewhere = "netns NOT IN (\(numbers))"
        try db.execute(
          sql: "DELETE FROM connection WHERE last_seen < ? AND \(elsewhere)",
          arguments: [Int64(bits: uptime - RunMemory.longestAbsence)])
        for table in ["flag", "round"] {
          try db.execute(
            sql: """
              DELETE FROM \(table) WHERE \(elsewhere)
                AND (boot, netns) NOT IN (SELECT boot, netns FROM connection)
              """)
        }
      }
    }
  }

  private static func write<Rows: MemoryRows>(
    _ before: [Rows.Key: Rows.Value], _ after: [Rows.Key: Rows.Value], _ rows: Rows,
    _ db: Database
  ) throws {
    let removal = try db.makeStatement(sql: rows.removal)
    for key in before.keys where after[key] == nil {
      try removal.execute(arguments: rows.place + rows.arguments(of: key))
    }
    let insertion = try db.makeStatement(sql: rows.insertion)
    for (key, value) in after where before[key] != value {
      try insertion.execute(
        arguments: rows.place + rows.arguments(of: key) + rows.columns(of: value))
    }
  }
}

/// Describes how to write the values of a dictionary to a table.
private protocol MemoryRows {
  associatedtype Key: Hashable
  associatedtype Value: Equatable

  var place: StatementArguments { get }
  var removal: String { get }
  var insertion: String { get }
  func arguments(of key: Key) -> StatementArguments
  func columns(of value: Value) -> StatementArguments
}

private struct ConnectionRows: MemoryRows {
  let place: StatementArguments
  let removal = "DELETE FROM connection WHERE boot = ? AND netns = ? AND cookie = ?"
  let insertion = """
    INSERT OR REPLACE INTO connection (boot, netns, cookie, family, local, local_port, peer,
      peer_port, interface, state, first_seen, state_since, quiet_since, last_seen, bytes_acked,
      bytes_received) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    """

  init(_ place: MemoryScope) { self.place = place.arguments }

  func arguments(of key: SocketCookie) -> StatementArguments { [Int64(bits: key.rawValue)] }

  func columns(of value: RememberedConnection) -> StatementArguments {
    let identity = value.identity
    return [
      identity.family.name, identity.local.address.description, Int64(identity.localPort),
      identity.peer.address.description, Int64(identity.peerPort), Int64(identity.interface),
      value.state.name, Int64(bits: value.firstSeen), Int64(bits: value.stateSince),
      value.idleSince.map(Int64.init(bits:)), Int64(bits: value.lastSeen),
      value.bytesAcknowledged.map(Int64.init(bits:)),
      value.bytesReceived.map(Int64.init(bits:)),
    ]
  }
}

private struct FlagRows: MemoryRows {
  let place: StatementArguments
  let removal =
    "DELETE FROM flag WHERE boot = ? AND netns = ? AND cookie = ? AND policy = ?"
  let insertion = """
    INSERT OR REPLACE INTO flag (boot, netns, cookie, policy, rules, runs, missed, armed)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    """

  init(_ place: MemoryScope) { self.place = place.arguments }

  func arguments(of key: FlagKey) -> StatementArguments {
    [Int64(bits: key.cookie.rawValue), key.policy]
  }

  func columns(of value: RememberedFlag) -> StatementArguments {
    [Int64(bits: value.rules), value.runs, value.missed, value.isArmed]
  }
}

private struct RoundRows: MemoryRows {
  let place: StatementArguments
  let removal = "DELETE FROM round WHERE boot = ? AND netns = ? AND policy = ? AND member = ?"
  let insertion = """
    INSERT OR REPLACE INTO round (boot, netns, policy, member, rules, rounds, quiet, first_round,
      first_count, closed, told) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    """

  init(_ place: MemoryScope) { self.place = place.arguments }

  func arguments(of key: RememberedGroupKey) -> StatementArguments { [key.policy, key.group.text] }

  func columns(of value: RememberedGroup) -> StatementArguments {
    [
      Int64(bits: value.rules), value.rounds, value.quiet, Int64(bits: value.firstRound),
      value.firstCount, value.closed, value.isNotified,
    ]
  }
}

extension MemoryScope {
  fileprivate var arguments: StatementArguments { [boot, Int64(bits: networkNamespace)] }
}
