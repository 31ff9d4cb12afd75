import Glibc

/// Polls `condition` until it holds.
///
/// - Parameter what: the name of the condition in the error.
/// - Throws: `HarnessProblem.timedOut` if it does not hold within `seconds`.
func waitUntil(
  _ what: @autoclosure () -> String, seconds: Int = 60,
  every interval: Duration = .milliseconds(20),
  _ condition: () throws -> Bool
) throws {
  let deadline = ContinuousClock.now + .seconds(seconds)
  while try !condition() {
    guard ContinuousClock.now < deadline else {
      throw HarnessProblem.timedOut(what(), seconds: seconds)
    }
    pause(for: interval)
  }
}

/// Whether `condition` holds each time it is checked for `time`.
///
/// Use it for events that must not happen.
func holds(for time: Duration, _ condition: () throws -> Bool) throws -> Bool {
  let end = ContinuousClock.now + time
  repeat {
    guard try condition() else { return false }
    pause(for: .milliseconds(100))
  } while ContinuousClock.now < end
  return try condition()
}

/// Blocks this thread. Use it between polls, or to let connections age.
func pause(for time: Duration) {
  usleep(useconds_t(time / .microseconds(1)))
}

extension NetworkNamespace {
  /// Waits until each of `sockets` has been idle for `milliseconds`.
  func waitUntilIdle(_ milliseconds: Int, _ sockets: Socket...) throws {
    try waitUntil("idle for \(milliseconds) ms") {
      let rows = try rows()
      let idle = sockets.map { socket in rows.first { $0.cookie == socket.cookie }?.idle ?? 0 }
      let missing = milliseconds - (idle.min() ?? 0)
      if missing > 0 { pause(for: .milliseconds(missing)) }
      return missing <= 0
    }
  }

  /// Waits until the audit log contains at least `count` `closing` entries.
  func waitForClosings(_ count: Int = 1) throws {
    try waitUntil("\(count) closing entries", every: .milliseconds(5)) {
      // The last line may be incomplete.
      (try? AuditRecord.cookies(of: "closing", in: state.path).count) ?? 0 >= count
    }
  }
}
