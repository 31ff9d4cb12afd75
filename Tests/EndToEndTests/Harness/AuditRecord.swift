import FoundationEssentials

/// One line of the audit log.
struct AuditRecord: Decodable {
  let event: String
  let command: String
  let policy: String?
  let reason: String?
  let pid: Int32
  let run: String?
  let connection: Row

  /// The lines of the log in a state folder that are about connections. All lines have to be whole.
  static func all(in folder: String) throws -> [AuditRecord] {
    let runs = Set(try AuditedRun.lines(in: folder))
    return try AuditedRun.allLines(in: folder).filter { !runs.contains($0) }.map {
      try JSONDecoder().decode(AuditRecord.self, from: Data($0.utf8))
    }
  }

  /// The cookies of the lines of the log that tell of an event.
  static func cookies(of event: String, in folder: String) throws -> [String] {
    try all(in: folder).filter { $0.event == event }.map(\.connection.cookie)
  }
}

/// A line of the audit log about a run.
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

  /// The runs in the log of a state folder.
  static func all(in folder: String) throws -> [AuditedRun] {
    try lines(in: folder).map { try JSONDecoder().decode(AuditedRun.self, from: Data($0.utf8)) }
  }

  fileprivate static func lines(in folder: String) throws -> [Substring] {
    struct Event: Decodable { let event: String }
    return try allLines(in: folder).filter {
      try JSONDecoder().decode(Event.self, from: Data($0.utf8)).event == "run"
    }
  }

  fileprivate static func allLines(in folder: String) throws -> [Substring] {
    guard let text = try? String(contentsOfFile: folder + "/audit.jsonl", encoding: .utf8) else {
      return []
    }
    return text.split(separator: "\n")
  }
}
