import FoundationEssentials

/// One line of the audit log.
struct AuditRecord: Decodable {
  let event: String
  let command: String
  let policy: String?
  let reason: String?
  let pid: Int32
  let connection: Row

  /// The lines of the log in a state folder, all of which have to be whole.
  static func all(in folder: String) throws -> [AuditRecord] {
    guard let text = try? String(contentsOfFile: folder + "/audit.jsonl", encoding: .utf8) else {
      return []
    }
    return try text.split(separator: "\n").map {
      try JSONDecoder().decode(AuditRecord.self, from: Data($0.utf8))
    }
  }

  /// The cookies of the lines of the log that tell of an event.
  static func cookies(of event: String, in folder: String) throws -> [String] {
    try all(in: folder).filter { $0.event == event }.map(\.connection.cookie)
  }
}
