import ArgumentParser
import Operations

/// The time limit of a run.
struct TimeoutOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "stop closing after this long; report the rest as not done",
      valueName: "duration"))
  var timeout: DurationArgument?

  /// The limits of a run that started at `start`.
  func limits(from start: ContinuousClock.Instant) throws(CommandFailure) -> ClosingLimits {
    let milliseconds = try timeout?.milliseconds(
      of: "--timeout", in: 1...UInt64.max, otherwise: "must be more than 0s")
    return ClosingLimits(start: start, timeout: milliseconds.map { .milliseconds($0) })
  }
}

/// The rate and time limits of `kill`.
struct PaceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("close at most this many per second", valueName: "n"),
    transform: WholeNumber.read)
  var rate: Int?

  @OptionGroup var time: TimeoutOption

  func validate() throws {
    if let rate, rate < 1 { throw ValidationError("--rate must be at least 1") }
  }

  /// The limits of a run that started at `start`.
  func limits(from start: ContinuousClock.Instant) throws(CommandFailure) -> ClosingLimits {
    var limits = try time.limits(from: start)
    limits.rate = { [rate] _ in rate }
    return limits
  }
}
