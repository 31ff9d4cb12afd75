/// The reports of earlier rounds of `--watch`.
package struct WatchedReports<Report> {
  /// The report of the first round.
  package let first: Report
  /// The report of the previous round.
  package let previous: Report

  package init(first: Report, previous: Report) {
    self.first = first
    self.previous = previous
  }
}

extension WatchedReports: Sendable where Report: Sendable {}
