import FoundationEssentials

/// A connection's entry in the audit log.
struct AuditRecord: Decodable {
  let event: String
  let command: String
  let policy: String?
  let reason: String?
  let pid: Int32
  let run: String?
  let connection: Row

  /// The connection entries of the log in `directory`.
  ///
  /// - Throws: an error if any line is incomplete.
  static func all(in directory: String) throws -> [AuditRecord] {
    let runs = Set(try AuditedRun.lines(in: directory))
    return try AuditedRun.allLines(in: directory).filter { !runs.contains($0) }.map {
      try JSONDecoder().decode(AuditRecord.self, from: Data($0.utf8))
    }
  }

  /// The cookies in the entries for `event`.
  static func cookies(of event: String, in directory: String) throws -> [String] {
    try all(in: directory).filter { $0.event == event }.map(\.connection.cookie)
  }
}

/// A run's entry in the audit log.
struct AuditedRun: Decodable {
  struct Refusal: Decodable {
    let policy: String
    let reason: String
  }
  struct GivenUp: Decodable {
    let policy: String
    let groups: Int
  }
  let command: String
  let run: String
  let pid: Int32
  let exit: Int32
  let error: String?
  let policies: [String]?
  let found: Int?
  let reported: Int?
  let refused: [Refusal]?
  let closed: Int?
  let givenUp: [GivenUp]?
  let failedNotifications: Int?
  let ownersAfter: [PlanReport.Reaction]?

  private enum CodingKeys: String, CodingKey {
    case command, run, pid, exit, error, policies, found, reported, refused, closed
    case givenUp = "given_up"
    case ownersAfter = "owners_after"
    case failedNotifications = "failed_notifications"
  }

  /// The run entries of the log in `directory`.
  static func all(in directory: String) throws -> [AuditedRun] {
    try lines(in: directory).map { try JSONDecoder().decode(AuditedRun.self, from: Data($0.utf8)) }
  }

  fileprivate static func lines(in directory: String) throws -> [Substring] {
    struct Event: Decodable { let event: String }
    return try allLines(in: directory).filter {
      try JSONDecoder().decode(Event.self, from: Data($0.utf8)).event == "run"
    }
  }

  fileprivate static func allLines(in directory: String) throws -> [Substring] {
    guard let text = try? String(contentsOfFile: directory + "/audit.jsonl", encoding: .utf8) else {
      return []
    }
    return text.split(separator: "\n")
  }
}
