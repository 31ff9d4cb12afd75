import Connections
import Glibc
import Rendering

/// A point in time, in milliseconds since the start of 1970 in UTC.
package struct LogTime: Comparable, Hashable {
  package let milliseconds: Int64

  package init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  /// The current time (`CLOCK_REALTIME`).
  package static var now: LogTime {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return LogTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  /// Parses RFC 3339: `2026-11-21T05:42:50.123Z`, `…+01:00`. A date (`2026-11-21`) and a time
  /// without seconds (`2026-11-21 05:42`) are allowed too.
  ///
  /// - Parameter zone: the zone of a time that names none.
  package init?(_ text: some StringProtocol, in zone: Zone = .utc) {
    var rest = Substring(text)
    guard let year = Self.number(&rest, digits: 4), Self.take("-", &rest),
      let month = Self.number(&rest, digits: 2), Self.take("-", &rest),
      let day = Self.number(&rest, digits: 2), (1...12).contains(month),
      (1...Self.days(in: month, of: year)).contains(day)
    else { return nil }
    var (hour, minute, second, milliseconds) = (0, 0, 0, 0)
    var offset: Int?
    if !rest.isEmpty {
      guard Self.take("T", &rest) || Self.take(" ", &rest),
        let hours = Self.number(&rest, digits: 2), Self.take(":", &rest),
        let minutes = Self.number(&rest, digits: 2)
      else { return nil }
      (hour, minute) = (hours, minutes)
      if Self.take(":", &rest) {
        guard let seconds = Self.number(&rest, digits: 2) else { return nil }
        second = seconds
        if Self.take(".", &rest) {
          let fraction = rest.prefix { $0.isASCII && $0.isWholeNumber }
          guard !fraction.isEmpty else { return nil }
          rest = rest[fraction.endIndex...]
          milliseconds = Int(fraction.prefix(3)) ?? 0
          for _ in fraction.count..<max(3, fraction.count) { milliseconds *= 10 }
        }
      }
      if !rest.isEmpty {
        guard let named = Self.offset(&rest) else { return nil }
        offset = named
      }
    }
    guard rest.isEmpty, hour < 24, minute < 60, second <= 60 else { return nil }
    var parts = unsafe tm()
    unsafe parts.tm_year = Int32(year - 1900)
    unsafe parts.tm_mon = Int32(month - 1)
    unsafe parts.tm_mday = Int32(day)
    unsafe parts.tm_hour = Int32(hour)
    unsafe parts.tm_min = Int32(minute)
    unsafe parts.tm_sec = Int32(second)
    let start = unsafe Self.seconds(of: &parts, in: offset == nil ? zone : .utc)
    let seconds = start - (offset ?? 0) * 60
    self.milliseconds = Int64(seconds) * 1000 + Int64(milliseconds)
  }

  package static func < (lhs: LogTime, rhs: LogTime) -> Bool {
    lhs.milliseconds < rhs.milliseconds
  }

  /// `2026-11-21T05:42:50.123Z`.
  package var text: String {
    let seconds = Int(milliseconds.quotientAndRemainder(dividingBy: 1000).quotient)
    return Timestamp.text(
      seconds: seconds, milliseconds: Int(milliseconds) - seconds * 1000)
  }

  private static func take(_ character: Character, _ rest: inout Substring) -> Bool {
    guard rest.first == character else { return false }
    rest.removeFirst()
    return true
  }

  private static func number(_ rest: inout Substring, digits count: Int) -> Int? {
    let digits = rest.prefix(count)
    guard digits.utf8.count == count, digits.utf8.allSatisfy(\.isDecimalDigit) else { return nil }
    rest = rest[digits.endIndex...]
    return Int(digits)
  }

  /// The offset of the zone from UTC in minutes.
  private static func offset(_ rest: inout Substring) -> Int? {
    guard let sign = rest.first, !take("Z", &rest) else { return 0 }
    guard sign == "+" || sign == "-" else { return nil }
    rest.removeFirst()
    guard let hours = number(&rest, digits: 2), take(":", &rest),
      let minutes = number(&rest, digits: 2), hours < 24, minutes < 60
    else { return nil }
    return (sign == "-" ? -1 : 1) * (hours * 60 + minutes)
  }

  private static func days(in month: Int, of year: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }
}
