import Connections
import Glibc
import Synchronization
package import SystemPackage
import Threads

/// One line on the terminal that says how far a long piece of work is, and is cleared at its end.
///
/// Where standard error is no terminal there is none.
package struct ProgressLine: ~Copyable {
  private let descriptor: FileDescriptor
  /// The end of a pipe that wakes the writer when it closes.
  private let bell: FileDescriptor
  private let writer: StartedWork

  /// How long a piece of work takes before it is worth a line.
  package static let patience = Duration.seconds(1)
  /// The time from one line to the next.
  private static let interval = Duration.milliseconds(200)
  /// Goes to the start of the line and clears it (ECMA-48: CR, EL).
  private static let clear = "\r\u{1b}[K"

  /// Does `work`, with a line of `text` while it lasts, where it is to be shown.
  package static func during<Value, Failure>(
    isShown: Bool, _ text: @escaping @Sendable (Duration) -> String,
    _ work: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let line = isShown ? onTerminal(text) : nil
    let value = Result { () throws(Failure) in try work() }
    _ = consume line
    return try value.get()
  }

  /// The line on standard error; nil when that is no terminal, or one that cannot clear a line.
  ///
  /// - Parameter text: what the line says, of the time that the work has taken; called on a thread
  ///   of its own.
  private static func onTerminal(_ text: @escaping @Sendable (Duration) -> String) -> ProgressLine?
  {
    let terminal = Terminal.of(Standard.error, columns: nil)
    guard let width = terminal.width, Environment.ofProcess["TERM"] != "dumb" else { return nil }
    return ProgressLine(on: Standard.error, width: width, text)
  }

  /// The line on `descriptor`, no longer than `width` columns; nil when the system refuses a pipe.
  package init?(
    on descriptor: FileDescriptor, width: Int, after patience: Duration = patience,
    _ text: @escaping @Sendable (Duration) -> String
  ) {
    guard let pipe = try? FileDescriptor.pipe(options: .closeOnExec) else { return nil }
    self.descriptor = descriptor
    bell = pipe.writeEnd
    let reading = pipe.readEnd
    writer = ParallelWork.start(threads: 1) {
      let start = ContinuousClock.now
      var pause = patience
      var isShown = false
      while !Self.rings(reading, within: pause) {
        let line = text(start.duration(to: .now)).unicodeScalars.prefix(width - 1)
        _ = try? descriptor.writeAll((Self.clear + String(line)).utf8)
        isShown = true
        pause = Self.interval
      }
      if isShown { _ = try? descriptor.writeAll(Self.clear.utf8) }
      try? reading.close()
    }
  }

  deinit {
    // The writer's last act is to clear the line; it has ended when `writer` has.
    try? bell.close()
  }

  /// Whether the other end of the pipe is closed, at the latest after `time`.
  private static func rings(_ bell: FileDescriptor, within time: Duration) -> Bool {
    var waiting = pollfd(fd: bell.rawValue, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&waiting, 1, Int32(time / .milliseconds(1))) > 0
  }
}

/// How many connections of a plan are done, for the line that says so.
package final class ClosingProgress: Sendable {
  private let done = Atomic(0)
  private let total: Int

  package init(total: Int) {
    self.total = total
  }

  /// So many more are begun.
  package func step(_ count: Int) {
    done.wrappingAdd(count, ordering: .relaxed)
  }

  /// `closing 120 of 5,000, about 24s left`.
  package func text(after time: Duration) -> String {
    let done = done.load(ordering: .relaxed)
    let line = "closing \(Count.text(done)) of \(Count.text(total))"
    guard done > 0, done < total else { return line }
    let left = time / .milliseconds(1) / Double(done) * Double(total - done)
    guard left < 1e15 else { return line }
    return line + ", about \(DurationText.rounded(milliseconds: UInt64(max(0, left)))) left"
  }
}
