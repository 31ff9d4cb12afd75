import Connections
import Glibc
import Synchronization
package import SystemPackage
import Threads

/// A line on the terminal that shows the progress of a long operation and is cleared at its end.
///
/// It is shown only if standard error is a terminal.
package struct ProgressLine: ~Copyable {
  private let descriptor: FileDescriptor
  /// The write end of a pipe; closing it stops the writer.
  private let stopPipe: FileDescriptor
  private let writer: StartedWork

  /// How long an operation runs before the line appears.
  package static let patience = Duration.seconds(1)
  /// The time between two updates.
  private static let interval = Duration.milliseconds(200)
  /// Returns to the start of the line and clears it (ECMA-48: CR, EL).
  private static let clear = "\r\u{1b}[K"

  /// Runs `work` and, if `isShown`, shows the line `text` meanwhile.
  package static func during<Value, Failure>(
    isShown: Bool, _ text: @escaping @Sendable (Duration) -> String,
    _ work: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let line = isShown ? onTerminal(text) : nil
    let value = Result { () throws(Failure) in try work() }
    _ = consume line
    return try value.get()
  }

  /// The line on standard error; nil if that is not a terminal, or cannot clear a line.
  ///
  /// - Parameter text: returns the line for the time elapsed; called on a separate thread.
  private static func onTerminal(_ text: @escaping @Sendable (Duration) -> String) -> ProgressLine?
  {
    let terminal = Terminal.of(Standard.error, columns: nil)
    guard let width = terminal.width, Environment.ofProcess["TERM"] != "dumb" else { return nil }
    return ProgressLine(on: Standard.error, width: width, text)
  }

  /// A line on `descriptor` of less than `width` columns; nil if a pipe cannot be created.
  package init?(
    on descriptor: FileDescriptor, width: Int, after patience: Duration = patience,
    _ text: @escaping @Sendable (Duration) -> String
  ) {
    guard let pipe = try? FileDescriptor.pipe(options: .closeOnExec) else { return nil }
    self.descriptor = descriptor
    stopPipe = pipe.writeEnd
    let reading = pipe.readEnd
    writer = ParallelWork.start(threads: 1) {
      let start = ContinuousClock.now
      var pause = patience
      var isShown = false
      while !Self.isClosed(reading, within: pause) {
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
    // The writer then clears the line and ends; releasing `writer` waits for it.
    try? stopPipe.close()
  }

  /// Waits up to `time` for the write end of the pipe to close, and returns whether it did.
  private static func isClosed(_ readEnd: FileDescriptor, within time: Duration) -> Bool {
    var waiting = pollfd(fd: readEnd.rawValue, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&waiting, 1, Int32(time / .milliseconds(1))) > 0
  }
}

/// Counts the processed connections of a plan, for the progress line.
package final class ClosingProgress: Sendable {
  private let done = Atomic(0)
  private let total: Int

  package init(total: Int) {
    self.total = total
  }

  /// Counts `count` more connections as done.
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
