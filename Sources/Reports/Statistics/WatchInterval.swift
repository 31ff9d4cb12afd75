import Connections
package import Operations
import Rendering

/// The value of `--watch` and of `--interval`.
package enum WatchInterval {
  /// The shortest, in milliseconds: a look takes time of the kernel too.
  package static let shortest: UInt64 = 100

  /// Milliseconds; nil without a value.
  ///
  /// - Parameter option: the name of the option.
  package static func parse(
    _ text: String?, of option: String = "--watch"
  ) throws(CommandFailure) -> UInt64? {
    guard let text else { return nil }
    let interval: UInt64
    do { interval = try DurationText.parse(text) } catch {
      let lead = "  \(option) "
      let caret = Caret(line: lead + text, at: error.range, from: lead.utf8.count)
      throw CommandFailure(.usage, "\(option): \(error)", remedy: caret.text)
    }
    guard interval >= shortest, interval <= UInt64(Int32.max) else {
      throw CommandFailure(.usage, "\(option): write a duration from 100ms to 24d")
    }
    return interval
  }
}
