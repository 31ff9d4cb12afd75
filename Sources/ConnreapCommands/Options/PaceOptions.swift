import ArgumentParser
import Connections
import LiveView
import Operations
import Rendering
import Reports

/// The option that bounds the time of a run.
struct TimeoutOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "so long after it began, close nothing more: the rest is reported as not done",
      valueName: "duration"))
  var timeout: String?

  /// The limits of a run that began at `start`.
  func limits(from start: ContinuousClock.Instant) throws(CommandFailure) -> ClosingLimits {
    guard let timeout else { return ClosingLimits(start: start) }
    let milliseconds: UInt64
    do {
      milliseconds = try DurationText.parse(timeout)
    } catch {
      let lead = "  --timeout "
      let caret = Caret(line: lead + timeout, at: error.range, from: lead.utf8.count)
      throw CommandFailure(.usage, "--timeout: \(error)", remedy: caret.text)
    }
    guard milliseconds > 0 else {
      throw CommandFailure(.usage, "--timeout: nothing can be done in no time")
    }
    return ClosingLimits(start: start, timeout: .milliseconds(milliseconds))
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
