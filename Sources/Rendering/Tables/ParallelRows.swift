import Threads

/// Processes the rows of an output in batches, on all cores.
package enum ParallelRows {
  private static let batchSize = 2048

  /// Calls `visit` for consecutive ranges of rows, in parallel if there are many.
  static func forEachBatch(of rowCount: Int, _ visit: @escaping @Sendable (Range<Int>) -> Void) {
    guard rowCount > batchSize else { return visit(0..<rowCount) }
    let batches = batches(in: 0..<rowCount)
    let slots = WorkerSlots(batches.count)
    ParallelWork.start(threads: min(ParallelWork.processorCount, batches.count)) {
      while let index = slots.take() { visit(batches[index]) }
    }.finish()
  }

  /// Writes what `render` appends for each range, in row order.
  package static func write(
    _ rowCount: Int, to output: inout OutputStream,
    render: @escaping @Sendable (Range<Int>, inout [UInt8]) -> Void
  ) throws(OutputProblem) {
    let batches = batches(in: 0..<rowCount)
    let threads = min(ParallelWork.processorCount, batches.count)
    let texts = RenderedBatches(batches.count, ahead: 4 * threads) { render(batches[$0], &$1) }
    let work = ParallelWork.start(threads: batches.count > 1 ? threads : 0) { texts.work() }
    guard !work.isEmpty else {
      for batch in batches { try output.write { render(batch, &$0) } }
      return
    }
    // The threads must stop before `work` goes out of scope, which waits for them.
    defer { texts.abandon() }
    for index in batches.indices {
      try texts.take(index) { text throws(OutputProblem) in
        try output.write { $0.append(contentsOf: text) }
      }
    }
  }

  private static func batches(in rows: Range<Int>) -> [Range<Int>] {
    stride(from: rows.lowerBound, to: rows.upperBound, by: batchSize).map {
      $0..<min($0 + batchSize, rows.upperBound)
    }
  }
}
