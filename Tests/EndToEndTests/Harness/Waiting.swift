import Glibc

/// Polls `condition` until it holds.
///
/// - Parameter what: names the condition in the failure.
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
/// For what must not happen: only waiting can show that.
func holds(for time: Duration, _ condition: () throws -> Bool) throws -> Bool {
  let end = ContinuousClock.now + time
  repeat {
    guard try condition() else { return false }
    pause(for: .milliseconds(20))
  } while ContinuousClock.now < end
  return try condition()
}

/// Blocks this thread: for ages that only the kernel's clock can produce, and between polls.
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

  /// Waits until the audit log announces the closing of at least `count` connections.
  func waitForClosings(_ count: Int = 1) throws {
    try waitUntil("\(count) closings announced", every: .milliseconds(5)) {
      try AuditRecord.cookies(of: "closing", in: state.path).count >= count
    }
  }
}
