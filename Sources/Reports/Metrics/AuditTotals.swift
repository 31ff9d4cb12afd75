package import Operations
package import SystemPackage

/// How many decisions the audit log has, by what came of them.
package struct AuditTotals: Equatable {
  package private(set) var counts: [String: Int] = [:]
  /// Lines that cannot be read.
  package private(set) var damaged = 0

  /// The results that are counted, also where there is none of them.
  package static let results = ["closed", "gone", "spared", "failed", "unverified"]

  /// Counts what is in the log of `folder`, and in those that logrotate(8) has put aside.
  /// Without a log nothing has been done.
  package init(in folder: FilePath) throws(CommandFailure) {
    var search = LogSearch(LogSelection())
    try search.read(in: folder) { _ in }
    counts = search.counts
    damaged = search.damaged
  }

  package func count(of result: String) -> Int { counts[result] ?? 0 }
}
