import Glibc

/// Polls `condition` until it holds.
///
/// - Parameter what: the name of the condition in the error.
/// - Throws: `HarnessProblem.timedOut` if it does not hold within `seconds`.
func waitUntil(
  _ what: @autoclosure () -> String, seconds: Int = 60,
  every interval: Duration = .milliseconds(10),
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
    pause(for: .milliseconds(20))
  } while ContinuousClock.now < end
  return try condition()
}

/// Blocks this thread. Use it between polls, or to let connections age.
func pause(for time: Duration) {
  usleep(useconds_t(time / .microseconds(1)))
}

extension NetworkNamespace {
  /// Waits until each of `sockets` has been idle for `milliseconds`.
  func waitUntilIdle(_ milliseconds: UInt64, _ sockets: Socket...) throws {
    try waitUntil("idle for \(milliseconds) ms", every: .milliseconds(50)) {
      let rows = try rows()
      return sockets.allSatisfy { socket in
        rows.first { $0.cookie == socket.cookie }?.idle.map { $0 >= milliseconds } == true
      }
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
