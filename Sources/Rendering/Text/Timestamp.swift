import Glibc

/// Points in time as text.
package enum Timestamp {
  /// The current time in UTC, as ``text(seconds:milliseconds:)`` formats it.
  package static var now: String {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return text(seconds: time.tv_sec, milliseconds: time.tv_nsec / 1_000_000)
  }

  /// The current local time of day, `10:12:45`.
  package static var localTimeOfDay: String {
    var seconds = time(nil)
    var parts = unsafe tm()
    unsafe localtime_r(&seconds, &parts)
    func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + "\(number)" }
    return unsafe "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
  }

  /// A time since the Unix epoch as `2026-11-21T05:42:50.123Z` (RFC 3339).
  package static func text(seconds: Int, milliseconds: Int) -> String {
    var seconds = time_t(seconds)
    var parts = unsafe tm()
    unsafe gmtime_r(&seconds, &parts)
    var buffer = [CChar](repeating: 0, count: 32)
    let count = unsafe strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%S", &parts)
    let start = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let digits = String(milliseconds)
    return start + "." + String(repeating: "0", count: max(0, 3 - digits.utf8.count)) + digits + "Z"
  }
}
