package import Operations
package import SystemPackage

/// Decisions in the audit log, counted by result.
package struct AuditTotals: Equatable {
  package private(set) var counts: [String: Int] = [:]
  /// Unreadable lines.
  package private(set) var damaged = 0

  /// The results that are counted; each is reported, even if zero.
  package static let results = ["closed", "gone", "spared", "failed", "unverified"]

  /// Counts the log in `directory`, with the files that logrotate(8) renamed. A missing log counts
  /// as empty.
  package init(in directory: FilePath) throws(CommandFailure) {
    var search = LogSearch(LogSelection())
    try search.read(in: directory) { _ in }
    counts = search.counts
    damaged = search.damaged
  }

  package func count(of result: String) -> Int { counts[result] ?? 0 }
}
