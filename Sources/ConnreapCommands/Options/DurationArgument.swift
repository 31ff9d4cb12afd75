import ArgumentParser
import Connections
import Operations
import Rendering

/// The value of an option that takes a duration, such as `90s` or `1h30m`.
///
/// ArgumentParser takes any text. The command reads it, so that the error can point at the place.
struct DurationArgument: ExpressibleByArgument, Equatable {
  private let text: String

  init(argument: String) { text = argument }

  /// The default as the help prints it.
  var defaultValueDescription: String { text }

  /// Milliseconds.
  ///
  /// - Parameters:
  ///   - option: its name, as in `--timeout`.
  ///   - range: the durations that the option accepts.
  ///   - otherwise: the error for a duration outside `range`.
  func milliseconds(
    of option: String, in range: ClosedRange<UInt64> = 0...UInt64.max, otherwise: String = ""
  ) throws(CommandFailure) -> UInt64 {
    let milliseconds: UInt64
    do {
      milliseconds = try DurationText.parse(text)
    } catch {
      throw CommandFailure(option: option, value: text, "\(error)", at: error.range)
    }
    guard range.contains(milliseconds) else {
      throw CommandFailure(.usage, "\(option): \(otherwise)")
    }
    return milliseconds
  }

  /// The value of `--leaked-after`, in milliseconds.
  func leakLimit() throws(CommandFailure) -> UInt64 {
    // With 0, every connection in CLOSE-WAIT would count, even one closed just now.
    try milliseconds(
      of: "--leaked-after", in: 1...UInt64.max, otherwise: "write a duration of at least 1ms")
  }

  /// The time between two scans of `--watch` or `--interval`, in milliseconds.
  func interval(of option: String) throws(CommandFailure) -> UInt64 {
    // A scan costs kernel time too.
    try milliseconds(
      of: option, in: 100...UInt64(Int32.max), otherwise: "write a duration from 100ms to 24d")
  }
}

extension CommandFailure {
  /// Bad usage: a caret marks the octets `range` of the option's value.
  ///
  /// - Parameter option: the option's name; nil for trailing words, which are a filter.
  init(option: String?, value: String, _ problem: String, at range: Range<Int>) {
    let lead = option.map { "  \($0) " } ?? "  "
    let caret = Caret(line: lead + value, at: range, from: lead.utf8.count)
    self.init(.usage, "\(option ?? "filter"): \(problem)", remedy: caret.text)
  }
}
