import Presentation
package import Scanning

/// The contents of `connreap leaks`.
package struct LeaksReport {
  package let search: LeakSearch
  package let snapshot: Snapshot
  /// The commands for each group, in the same order; nil where there are none.
  package let remedies: [LeakRemedy?]

  package init(search: LeakSearch, snapshot: Snapshot) {
    self.search = search
    self.snapshot = snapshot
    remedies = search.groups.map { LeakRemedy(for: $0, rule: search.rule, in: snapshot) }
  }
}
