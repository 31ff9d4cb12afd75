import Connections
import Glibc
import Rendering

extension LogTime {
  /// The zone in which times are read and printed.
  package enum Zone: Sendable {
    case utc
    /// The zone of the machine, or of `TZ`.
    case local
  }

  /// Parses a value of `--since` or `--until`: a time, a time of day, a day, or how long ago it was.
  ///
  /// A time of day is the last one that has passed. `today` and `yesterday` are the starts of these
  /// days.
  package init(
    option: String, value: String, now: LogTime, in zone: Zone = .utc
  ) throws(CommandFailure) {
    if let time = LogTime(value, in: zone) ?? LogTime(word: value, now: now, in: zone)
      ?? LogTime(timeOfDay: value, now: now, in: zone)
    {
      self = time
      return
    }
    let duration = value.hasSuffix(" ago") ? value.dropLast(4) : value[...]
    do throws(DurationProblem) {
      self.init(milliseconds: now.milliseconds - Int64(try DurationText.parse(duration)))
    } catch {
      throw CommandFailure(
        .usage, "\(option): \"\(EscapedText.escaped(value))\" is neither a time nor a duration",
        remedy: "write 2026-11-21T05:42:00Z, 2026-11-21, 14:30, today, yesterday, "
          + "or how long ago: 90s, 2h, 7d")
    }
  }

  private init?(word: String, now: LogTime, in zone: Zone) {
    switch word {
    case "now": self = now
    case "today": self = now.startOfDay(in: zone, daysBefore: 0)
    case "yesterday": self = now.startOfDay(in: zone, daysBefore: 1)
    default: return nil
    }
  }

  /// `14:30` or `14:30:05`, with a `Z` if it is UTC in any case.
  private init?(timeOfDay text: String, now: LogTime, in zone: Zone) {
    let isUTC = text.hasSuffix("Z")
    let zone = isUTC ? .utc : zone
    let day = now.dayText(in: zone)
    let clock = isUTC ? text.dropLast() : text[...]
    guard let today = LogTime("\(day)T\(clock)", in: zone) else { return nil }
    guard today > now else {
      self = today
      return
    }
    let yesterday = now.startOfDay(in: zone, daysBefore: 1).dayText(in: zone)
    guard let time = LogTime("\(yesterday)T\(clock)", in: zone) else { return nil }
    self = time
  }

  private func startOfDay(in zone: Zone, daysBefore days: Int32) -> LogTime {
    var parts = unsafe parts(in: zone)
    unsafe parts.tm_mday -= days
    unsafe (parts.tm_hour, parts.tm_min, parts.tm_sec) = (0, 0, 0)
    return LogTime(milliseconds: Int64(unsafe Self.seconds(of: &parts, in: zone)) * 1000)
  }

  /// The seconds since 1970 of `parts`, whose days may be out of range.
  static func seconds(of parts: inout tm, in zone: Zone) -> Int {
    guard zone == .local else { return unsafe timegm(&parts) }
    // The C library decides whether it is summer time.
    unsafe parts.tm_isdst = -1
    return unsafe mktime(&parts)
  }

  private func parts(in zone: Zone) -> tm {
    var seconds = time_t(wholeSeconds)
    var parts = unsafe tm()
    if zone == .local {
      unsafe localtime_r(&seconds, &parts)
    } else {
      unsafe gmtime_r(&seconds, &parts)
    }
    return unsafe parts
  }

  private var wholeSeconds: Int64 {
    let (quotient, remainder) = milliseconds.quotientAndRemainder(dividingBy: 1000)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// The day: `2026-11-21`.
  package func dayText(in zone: Zone) -> String { formatted("%Y-%m-%d", in: zone) }

  /// The time of day: `05:42:50Z`, or `06:42:50+01:00`.
  package func clockText(in zone: Zone) -> String {
    formatted("%H:%M:%S", in: zone) + zoneText(in: zone)
  }

  /// The day and the time in milliseconds: `2026-11-21 05:42:50.123Z`.
  package func fullText(in zone: Zone) -> String {
    let digits = String(milliseconds - wholeSeconds * 1000)
    let fraction = String(repeating: "0", count: 3 - digits.utf8.count) + digits
    return formatted("%Y-%m-%d %H:%M:%S", in: zone) + "." + fraction + zoneText(in: zone)
  }

  private func zoneText(in zone: Zone) -> String {
    guard zone == .local else { return "Z" }
    // `+0100`
    let text = formatted("%z", in: zone)
    return text.dropLast(2) + ":" + text.suffix(2)
  }

  private func formatted(_ format: String, in zone: Zone) -> String {
    var parts = unsafe parts(in: zone)
    var buffer = [CChar](repeating: 0, count: 64)
    let count = unsafe strftime(&buffer, buffer.count, format, &parts)
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
