import Dispatch
import Synchronization
import Threads

/// The texts of batches of rows, which several threads render and one takes in the order of the rows.
///
/// The threads last until all is rendered: a new one starts on the core of the one that started it,
/// and the scheduler takes milliseconds to move it to an idle one. They stay ahead of whoever takes
/// the texts by some batches only, for the sake of memory.
package final class RenderedBatches: Sendable {
  private let render: @Sendable (_ batch: Int, inout [UInt8]) -> Void
  private let places: WorkPlaces
  private let texts = Mutex(Texts())
  /// Counts the batches that may be begun.
  private let room = DispatchSemaphore(value: 0)
  /// Counts the batches that have been rendered.
  private let rendered = DispatchSemaphore(value: 0)

  private struct Texts {
    var waiting: [Int: [UInt8]] = [:]
    /// Written already, for the memory that they have.
    var spare: [[UInt8]] = []
  }

  /// The texts that `render` appends for each of `count` batches; at most `ahead` of them are begun
  /// at a time and not yet done with.
  package init(
    _ count: Int, ahead: Int, render: @escaping @Sendable (_ batch: Int, inout [UInt8]) -> Void
  ) {
    self.render = render
    places = WorkPlaces(count)
    for _ in 0..<ahead { room.signal() }
  }

  /// The share of one thread: all of the work, if no other one comes.
  package func work() {
    while true {
      room.wait()
      guard let batch = places.take() else { break }
      var text = texts.withLock { $0.spare.popLast() } ?? []
      render(batch, &text)
      texts.withLock { [text] in $0.waiting[batch] = text }
      rendered.signal()
    }
    // Each thread that ends lets the next one see that there is nothing left.
    room.signal()
  }

  /// Waits for the text of `batch`, calls `body` with it, and makes room for one more.
  ///
  /// Every batch is to be taken once, in their order.
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

  /// Lets every thread end after the batch at which it is.
  package func abandon() {
    places.abandon()
    room.signal()
  }
}
