import ArgumentParser
import Operations
import Rendering
import Reports

/// `--watch`: repeats a report at an interval.
struct WatchOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "repeat at this interval, and show changes since the start", valueName: "duration"))
  var watch: DurationArgument?

  /// The state of one round.
  struct Round {
    /// Whether it is one of many, with `--watch`.
    let isRepeated: Bool
    /// The failure to report after the only round was printed; nil if all went well.
    var failure: CommandFailure?
    /// The notices of the previous round.
    fileprivate var notices: [String]

    /// Prints notices on standard error that the previous round did not have.
    mutating func warn(_ notices: [String]) {
      for notice in notices where !self.notices.contains(notice) {
        Standard.report("connreap: \(notice)\n")
      }
      self.notices = notices
    }
  }

  /// Rejects `--watch` on a recording.
  func check(_ source: SourceOptions) throws {
    guard watch == nil || (source.record == nil && source.replay == nil) else {
      throw ValidationError("--watch needs the running kernel: omit --record and --replay")
    }
  }

  /// Runs one round, or rounds until a signal arrives.
  ///
  /// - Parameters:
  ///   - makeReport: makes the report of one round.
  ///   - print: prints it; `earlier` is nil in the first round.
  func run<Report>(
    _ makeReport: (inout Round) throws -> Report,
    print: (_ report: Report, _ earlier: WatchedReports<Report>?) throws -> Void
  ) throws {
    guard let interval = try watch?.interval(of: "--watch") else {
      var only = Round(isRepeated: false, notices: [])
      try print(makeReport(&only), nil)
      if let failure = only.failure { throw failure }
      return
    }
    var earlier: WatchedReports<Report>?
    var notices: [String] = []
    try Watch(interval: interval).run {
      var next = Round(isRepeated: true, notices: notices)
      let report = try makeReport(&next)
      notices = next.notices
      try print(report, earlier)
      earlier = WatchedReports(first: earlier?.first ?? report, previous: report)
    }
  }
}
