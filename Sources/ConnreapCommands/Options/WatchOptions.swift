import ArgumentParser
import Operations
import Rendering
import Reports

/// The option by which a command looks again and again.
struct WatchOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("look again so often, and show what has changed", valueName: "duration"))
  var watch: DurationArgument?

  /// One of several looks.
  struct Look {
    /// When; nil when there is only one look.
    let time: String?
    /// How the command ends when it has printed the only look; nil when all went well.
    var failure: CommandFailure?
    /// What was said before, and need not be said again.
    fileprivate var said: [String]

    /// Says on standard error what was not said at the look before.
    mutating func warn(_ notices: [String]) {
      for notice in notices where !said.contains(notice) {
        Standard.say("connreap: \(notice)\n")
      }
      said = notices
    }
  }

  /// Refuses to look again at what does not change.
  func check(_ source: SourceOptions) throws {
    guard watch == nil || (source.record == nil && source.replay == nil) else {
      throw ValidationError("--watch looks at the running kernel: no --record, no --replay")
    }
  }

  /// Looks once, or until a signal ends it.
  ///
  /// - Parameters:
  ///   - look: makes the report of one look.
  ///   - print: prints it; the one before it is nil for the first.
  func run<Report>(
    _ look: (inout Look) throws -> Report,
    print: (_ report: Report, _ earlier: Report?) throws -> Void
  ) throws {
    guard let interval = try watch?.interval(of: "--watch") else {
      var only = Look(time: nil, said: [])
      try print(look(&only), nil)
      if let failure = only.failure { throw failure }
      return
    }
    var earlier: Report?
    var said: [String] = []
    try Watch(interval: interval).run {
      var next = Look(time: Timestamp.now, said: said)
      let report = try look(&next)
      said = next.said
      try print(report, earlier)
      earlier = report
    }
  }
}
