import Glibc
import ProcessTable
import Synchronization

/// Rows of an output that all cores work on, in batches.
enum ParallelRows {
  private static let batchSize = 2048

  /// Calls `visit` for ranges that make up the rows, several at once when there are many.
  static func forEachBatch(of rowCount: Int, _ visit: @escaping @Sendable (Range<Int>) -> Void) {
    guard rowCount > batchSize else { return visit(0..<rowCount) }
    start(batches(in: 0..<rowCount)) { _, batch in visit(batch) }.finish()
  }

  /// Writes what `render` appends for the rows of each range, in the order of the rows.
  static func write(
    _ rowCount: Int, to output: inout OutputStream,
    render: @escaping @Sendable (Range<Int>, inout [UInt8]) -> Void
  ) throws(OutputProblem) {
    guard rowCount > batchSize else { return try output.write { render(0..<rowCount, &$0) } }
    // No more is rendered at a time than is worth starting the threads, for the sake of memory.
    let atATime = 8 * batchSize * threadCount
    var rendered: [[UInt8]] = []
    for start in stride(from: 0, to: rowCount, by: atATime) {
      let batches = batches(in: start..<min(start + atATime, rowCount))
      let texts = Mutex([[UInt8]](repeating: [], count: batches.count))
      let round = self.start(batches) { place, batch in
        var text: [UInt8] = []
        text.reserveCapacity(64 * batch.count)
        render(batch, &text)
        texts.withLock { $0[place] = text }
      }
      // The rows before are written meanwhile.
      try write(&rendered, to: &output)
      round.finish()
      rendered = texts.withLock { $0 }
    }
    try write(&rendered, to: &output)
  }

  private static func write(
    _ texts: inout [[UInt8]], to output: inout OutputStream
  ) throws(OutputProblem) {
    defer { texts = [] }
    for text in texts { try output.write { $0.append(contentsOf: text) } }
  }

  private static var threadCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  private static func batches(in rows: Range<Int>) -> [Range<Int>] {
    stride(from: rows.lowerBound, to: rows.upperBound, by: batchSize).map {
      $0..<min($0 + batchSize, rows.upperBound)
    }
  }

  /// Works on each batch, on several threads beside the caller's.
  private static func start(
    _ batches: [Range<Int>], _ work: @escaping @Sendable (_ place: Int, Range<Int>) -> Void
  ) -> StartedWork {
    let places = WorkPlaces(batches.count)
    return ParallelWork.start(threads: min(threadCount, batches.count)) {
      while let place = places.take() { work(place, batches[place]) }
    }
  }
}
