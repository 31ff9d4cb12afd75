import Connections
import PresentationTestSupport
import Reaping
import Scanning
import TestSupport
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering

/// The JSON of announced connections is the same whichever thread renders it.
@Suite struct RenderedConnectionsTests {
  private let names = SystemNumbers(resolvesNames: false)

  private func closings(_ count: Int) -> [Plan.Step] {
    (0..<count).map {
      sampleOutcome(.closed, from: UInt16($0 + 1), to: 80).step
    }
  }

  /// Renders `closings` in groups. A new reading of the owners starts at each of `readings`.
  private func render(
    _ closings: [Plan.Step], inGroupsOf size: Int, readings: Set<Int> = [0],
    of snapshot: Snapshot, upTo end: Int? = nil
  ) -> [String] {
    let rendered = RenderedConnections(closings, naming: names)
    var reading = 0
    var lines: [String] = []
    for start in stride(from: 0, to: end ?? closings.count, by: size) {
      if readings.contains(start) { reading += 1 }
      _ = rendered.text(of: snapshot, read: reading)
      for index in start..<min(start + size, end ?? closings.count) {
        lines.append(String(decoding: rendered.json(at: index), as: UTF8.self))
      }
    }
    return lines
  }

  private func expected(_ closings: [Plan.Step], of snapshot: Snapshot) -> [String] {
    let json = ConnectionJSON(text: ConnectionText(snapshot: snapshot, names: names))
    return closings.map { step in
      var writer = JSONWriter()
      json.write(step.connection, to: &writer)
      return String(decoding: writer.bytes, as: UTF8.self)
    }
  }

  /// These counts include several batches and a partial last one.
  @Test(arguments: [1, 2, 16, 17, 63, 64, 65, 128, 700], [1, 8, 16])
  func eachIsAsIfRenderedAlone(count: Int, size: Int) throws {
    let snapshot = try StatsScene([]).snapshot(by: .state)
    let closings = closings(count)
    let lines = render(closings, inGroupsOf: size, of: snapshot)
    #expect(lines == expected(closings, of: snapshot))
  }

  @Test func aNewReadingRendersTheRestAgain() throws {
    let snapshot = try StatsScene([]).snapshot(by: .state)
    let closings = closings(400)
    for readings: Set in [[0, 16], [0, 64, 80, 240], Set(stride(from: 0, to: 400, by: 16))] {
      let lines = render(closings, inGroupsOf: 16, readings: readings, of: snapshot)
      #expect(lines == expected(closings, of: snapshot))
    }
  }

  @Test func ownersAreThoseOfTheLastReading() throws {
    func snapshot(_ name: String) throws -> Snapshot {
      let scene = StatsScene([FakeSocket(cookie: 1, inode: 7)])
      scene.tree.process(100, name: name, links: [3: "socket:[7]"])
      return try scene.snapshot(by: .process)
    }
    let closings = closings(200)
    let rendered = RenderedConnections(closings, naming: names)
    for (start, name) in [(0, "before"), (64, "after"), (100, "at-last")] {
      let snapshot = try snapshot(name)
      for index in start..<(start + 32) {
        _ = rendered.text(of: snapshot, read: start)
        let json = String(decoding: rendered.json(at: index), as: UTF8.self)
        #expect(json.contains(#""name":"\#(name)""#), "\(index)")
      }
    }
  }

  @Test func aStoppedRunAbandonsTheRest() throws {
    let snapshot = try StatsScene([]).snapshot(by: .state)
    let closings = closings(5_000)
    let lines = render(closings, inGroupsOf: 16, of: snapshot, upTo: 100)
    #expect(lines == Array(expected(closings, of: snapshot).prefix(100)))
  }
}
