import Presentation
package import Scanning

/// The contents of `connreap leaks`.
package struct LeaksReport {
  package let search: LeakSearch
  package let snapshot: Snapshot
  /// The commands for each group, in the same order; nil where there are none.
  package let remedies: [LeakRemedy?]
  /// The time of the scan, RFC 3339.
  package let time: String
  /// The name of this machine; nil for a recording.
  package let host: String?

  package init(search: LeakSearch, snapshot: Snapshot, time: String, host: String?) {
    self.search = search
    self.snapshot = snapshot
    self.time = time
    self.host = host
    remedies = search.groups.map { LeakRemedy(for: $0, rule: search.rule, in: snapshot) }
  }
}
