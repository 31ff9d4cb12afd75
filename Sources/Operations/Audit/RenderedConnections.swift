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
/// To render one takes a good part of the time that it takes to close it. Where many are closed by
/// one reading of their owners, another thread therefore renders those that are next.
package final class RenderedConnections {
  private let closings: [Plan.Step]
  private let names: SystemNumbers
  /// The texts by the owners as they were last read.
  private var current: (reading: Int, text: ConnectionText, groups: Int)?
  private var ahead: ConnectionsAhead?
  private var writer = JSONWriter()

  /// The connections of `closings`.
  package init(_ closings: [Plan.Step], naming names: SystemNumbers) {
    self.closings = closings
    self.names = names
  }

  /// The texts for a group of connections that is announced.
  ///
  /// - Parameter reading: the number of the reading of owners that `snapshot` has.
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

  /// The JSON of the connection at `index`, which is asked for in ascending order.
  package func json(at index: Int) -> ArraySlice<UInt8> {
    guard let current else { return [] }
    // A group that has a reading of its own is followed by another reading.
    if ahead == nil, current.groups > 1 {
      ahead = ConnectionsAhead(closings, from: index, current.text)
    }
    if let json = ahead?.json(at: index) { return json }
    writer.clear()
    ConnectionJSON(text: current.text).write(closings[index].connection, to: &writer)
    // Whoever keeps it keeps its buffer, so that one is as small as can be.
    var json: [UInt8] = []
    json.reserveCapacity(writer.bytes.count)
    json.append(contentsOf: writer.bytes)
    return json[...]
  }
}

/// Connections that another thread renders ahead of the one that announces them.
private struct ConnectionsAhead: ~Copyable {
  private let start: Int
  private let count: Int
  private let texts: RenderedBatches
  private let work: StartedWork
  /// The text of the current batch.
  private var text: [UInt8] = []
  /// Where the last connection that was asked for ends in it.
  private var end = -1

  private static let batchSize = 64
  /// How many batches are rendered ahead.
  private static let batchesAhead = 4

  /// Starts to render those of `closings` from `start` on; nil if there is no thread for it.
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

  /// The JSON of the connection at `index`; nil for one before the start.
  ///
  /// Each is asked for once, in ascending order.
  mutating func json(at index: Int) -> ArraySlice<UInt8>? {
    let place = index - start
    guard place >= 0, place < count else { return nil }
    if place % Self.batchSize == 0 {
      texts.take(place / Self.batchSize) { text = $0 }
      end = -1
    }
    let begin = end + 1
    end = lineEnd(from: begin)
    return text[begin..<end]
  }

  /// Where the first line break of `text` from `begin` on is.
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
