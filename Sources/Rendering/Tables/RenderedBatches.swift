import Dispatch
import Synchronization
import Threads

/// Batches of rows that several threads render and one thread takes in row order.
///
/// The threads live until everything is rendered. A new thread starts on its creator's core, and
/// the scheduler takes milliseconds to move it to an idle one. To save memory, the threads render
/// only a few batches ahead.
package final class RenderedBatches: Sendable {
  private let render: @Sendable (_ batch: Int, inout [UInt8]) -> Void
  private let slots: WorkerSlots
  private let texts = Mutex(Texts())
  /// Counts the batches that may be started.
  private let room = DispatchSemaphore(value: 0)
  /// Counts the batches that have been rendered.
  private let rendered = DispatchSemaphore(value: 0)

  private struct Texts {
    var waiting: [Int: [UInt8]] = [:]
    /// Buffers of batches already taken, kept for reuse.
    var spare: [[UInt8]] = []
  }

  /// Prepares `count` batches, each rendered by `render`.
  ///
  /// - Parameter ahead: the maximum number of batches started and not yet taken.
  package init(
    _ count: Int, ahead: Int, render: @escaping @Sendable (_ batch: Int, inout [UInt8]) -> Void
  ) {
    self.render = render
    slots = WorkerSlots(count)
    for _ in 0..<ahead { room.signal() }
  }

  /// Renders batches until none are left. Every thread calls it; one alone does all the work.
  package func work() {
    while true {
      room.wait()
      guard let batch = slots.take() else { break }
      var text = texts.withLock { $0.spare.popLast() } ?? []
      render(batch, &text)
      texts.withLock { [text] in $0.waiting[batch] = text }
      rendered.signal()
    }
    // Wakes the next thread, so that it finds nothing left and ends too.
    room.signal()
  }

  /// Waits for the text of `batch`, passes it to `body`, and makes room for another.
  ///
  /// Take every batch once, in order.
  package func take<Failure: Error>(
    _ batch: Int, _ body: ([UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    var text = wait(for: batch)
    try body(text)
    text.removeAll(keepingCapacity: true)
    texts.withLock { [text] in $0.spare.append(text) }
    room.signal()
  }

  private func wait(for batch: Int) -> [UInt8] {
    while true {
      if let text = texts.withLock({ $0.waiting.removeValue(forKey: batch) }) { return text }
      rendered.wait()
    }
  }

  /// Makes every thread end after its current batch.
  package func abandon() {
    slots.abandon()
    room.signal()
  }
}
