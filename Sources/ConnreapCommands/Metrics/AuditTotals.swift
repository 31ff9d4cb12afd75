import SystemPackage

/// How many decisions the audit log has, by what came of them.
struct AuditTotals: Equatable {
  private(set) var counts: [String: Int] = [:]
  /// Lines that cannot be read.
  private(set) var damaged = 0

  /// The results that are counted, also where there is none of them.
  static let results = ["closed", "gone", "spared", "failed", "unverified"]

  /// Counts what is in the log of `folder`, and in those that logrotate(8) has put aside.
  /// Without a log nothing has been done.
  init(in folder: FilePath) throws(CommandFailure) {
    var search = LogSearch(LogSelection())
    try search.read(in: folder) { _ in }
    counts = search.counts
    damaged = search.damaged
  }

  func count(of result: String) -> Int { counts[result] ?? 0 }
}
