import Connections
import Glibc
package import Presentation
import ProcessTable
package import Reaping
import Rendering
package import Scanning
import Threads

/// The connections of a run as JSON, in the order in which they are announced.
///
/// Rendering a connection takes about as long as closing it. Where many are closed between two
/// readings of their owners, another thread renders the next ones in advance.
package final class RenderedConnections {
  private let closings: [Plan.Step]
  private let names: SystemNumbers
  /// The texts with the owners of the last reading, and for how many groups they were used.
  private var current: (reading: Int, text: ConnectionText, groups: Int)?
  private var ahead: ConnectionsAhead?
  private var writer = JSONWriter()

  package init(_ closings: [Plan.Step], naming names: SystemNumbers) {
    self.closings = closings
    self.names = names
  }

  /// The texts for a group of connections that is about to be announced.
  ///
  /// - Parameter reading: the number of the reading that gave `snapshot` its owners.
  package func text(of snapshot: Snapshot, read reading: Int) -> ConnectionText {
    if let current, current.reading == reading {
      self.current?.groups += 1
      return current.text
    }
    let text = ConnectionText(snapshot: snapshot, names: names)
    current = (reading, text, groups: 1)
    ahead = nil
    return text
  }

  /// The JSON of the connection at `index`. Indexes must ascend.
  package func json(at index: Int) -> ArraySlice<UInt8> {
    guard let current else { return [] }
    // If a reading is used for one group only, the next group will have another reading.
    if ahead == nil, current.groups > 1 {
      ahead = ConnectionsAhead(closings, from: index, current.text)
    }
    if let json = ahead?.json(at: index) { return json }
    writer.clear()
    ConnectionJSON(text: current.text).write(closings[index].connection, to: &writer)
    // The caller keeps the buffer, so it is made no larger than needed.
    var json: [UInt8] = []
    json.reserveCapacity(writer.bytes.count)
    json.append(contentsOf: writer.bytes)
    return json[...]
  }
}

/// Connections that another thread renders before they are announced.
private struct ConnectionsAhead: ~Copyable {
  private let start: Int
  private let count: Int
  private let texts: RenderedBatches
  private let work: StartedWork
  /// The text of the current batch.
  private var text: [UInt8] = []
  /// Where the last returned connection ends in it.
  private var end = -1

  private static let batchSize = 64
  /// How many batches are rendered in advance.
  private static let batchesAhead = 4

  /// Starts rendering `closings` from `start` on; nil if the system refuses a thread.
  init?(_ closings: [Plan.Step], from start: Int, _ text: ConnectionText) {
    let count = (closings.count - start + Self.batchSize - 1) / Self.batchSize
    let texts = RenderedBatches(count, ahead: Self.batchesAhead) { batch, bytes in
      let first = start + batch * Self.batchSize
      let json = ConnectionJSON(text: text)
      var writer = JSONWriter()
      for step in closings[first..<min(first + Self.batchSize, closings.count)] {
        json.write(step.connection, to: &writer)
        writer.endDocument()
      }
      bytes.append(contentsOf: writer.bytes)
    }
    let work = ParallelWork.start(threads: 1) { texts.work() }
    guard !work.isEmpty else { return nil }
    self.start = start
    self.count = closings.count - start
    self.texts = texts
    self.work = work
  }

  deinit { texts.abandon() }

  /// The JSON of the connection at `index`; nil if that is before the start.
  ///
  /// Every index must be requested once, in ascending order.
  mutating func json(at index: Int) -> ArraySlice<UInt8>? {
    let offset = index - start
    guard offset >= 0, offset < count else { return nil }
    if offset % Self.batchSize == 0 {
      texts.take(offset / Self.batchSize) { text = $0 }
      end = -1
    }
    let begin = end + 1
    end = lineEnd(from: begin)
    return text[begin..<end]
  }

  /// The index of the first line break in `text` from `begin` on.
  private func lineEnd(from begin: Int) -> Int {
    unsafe text.withUnsafeBytes { bytes in
      let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[begin...])
      guard let first = rest.baseAddress,
        let found = unsafe memchr(first, Int32(UInt8(ascii: "\n")), rest.count)
      else { return bytes.count }
      return begin + (unsafe UnsafeRawPointer(found) - first)
    }
  }
}
