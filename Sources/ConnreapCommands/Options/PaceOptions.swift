import ArgumentParser
import Operations

/// The option that bounds the time of a run.
struct TimeoutOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "so long after it began, close nothing more: the rest is reported as not done",
      valueName: "duration"))
  var timeout: DurationArgument?

  /// The limits of a run that began at `start`.
  func limits(from start: ContinuousClock.Instant) throws(CommandFailure) -> ClosingLimits {
    let milliseconds = try timeout?.milliseconds(
      of: "--timeout", in: 1...UInt64.max, otherwise: "nothing can be done in no time")
    return ClosingLimits(start: start, timeout: milliseconds.map { .milliseconds($0) })
  }
}

/// The options that bound how fast and how long `kill` closes.
struct PaceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("close at most this many in a second", valueName: "n"),
    transform: WholeNumber.read)
  var rate: Int?

  @OptionGroup var time: TimeoutOption

  func validate() throws {
    if let rate, rate < 1 { throw ValidationError("--rate is a number from 1") }
  }

  /// The limits of a run that began at `start`.
  func limits(from start: ContinuousClock.Instant) throws(CommandFailure) -> ClosingLimits {
    var limits = try time.limits(from: start)
    limits.rate = { [rate] _ in rate }
    return limits
  }
}
