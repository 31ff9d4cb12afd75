import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Rendering

/// Parallel rendering gives the same output as one thread.
@Suite struct ParallelRowsTests {
  private func written(
    _ write: (inout OutputStream) throws -> Void
  ) throws -> String {
    var template = Array("/tmp/rows-XXXXXX".utf8CString)
    let file = FileDescriptor(rawValue: mkstemp(&template))
    unlink(template)
    defer { try? file.close() }
    var stream = OutputStream(file)
    try write(&stream)
    try stream.flush()
    let size = Int(try file.seek(offset: 0, from: .end))
    var bytes = [UInt8](repeating: 0, count: size)
    let count = try bytes.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: 0, into: $0) }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  @Test(arguments: [0, 1, 2047, 2048, 2049, 8192, 50_001])
  func rowsAreWrittenInOrder(_ count: Int) throws {
    let text = try written { stream in
      try stream.write("head\n")
      try ParallelRows.write(count, to: &stream) { rows, lines in
        for row in rows { lines.append(contentsOf: "\(row)\n".utf8) }
      }
      try stream.write("foot\n")
    }
    #expect(text == "head\n" + (0..<count).map { "\($0)\n" }.joined() + "foot\n")
  }

  @Test(arguments: [0, 1, 2048, 2049, 10_000])
  func everyRowIsVisitedOnce(_ count: Int) {
    let visits = Mutex([Int](repeating: 0, count: count))
    ParallelRows.forEachBatch(of: count) { rows in
      visits.withLock { visits in for row in rows { visits[row] += 1 } }
    }
    #expect(visits.withLock { $0.allSatisfy { $0 == 1 } })
  }

  /// The lines of a table of ten thousand rows, where row `widest` has a wide cell.
  private func longTable(widest: Int, _ layout: Table.Layout) throws -> [Substring] {
    let table = Table(
      columns: [
        Table.Column(title: "A", minimumWidth: 4), Table.Column(title: "N", alignment: .right),
      ],
      rowCount: 10_000,
      cell: { row, column, text in
        let cell = column == 1 ? "\(row % 10)" : row == widest ? "wide – cell" : "x"
        text.append(contentsOf: cell.utf8)
      })
    return try written { try table.print(layout, to: &$0) }.split(separator: "\n")
  }

  @Test func aTerminalTableMeasuresAllCells() throws {
    for widest in [0, 2047, 9999] {
      let lines = try longTable(widest: widest, Table.Layout(width: 80))
      #expect(lines.count == 10_001)
      #expect(lines.allSatisfy { $0.count == 14 })
      #expect(lines[widest + 1] == "wide – cell  \(widest % 10)")
      #expect(lines[5000].hasSuffix(" 9"))
    }
  }

  @Test func inAPipeAWiderCellShiftsTheRestOfItsLine() throws {
    for widest in [1, 2047, 9999] {
      let lines = try longTable(widest: widest, Table.Layout())
      #expect(lines.count == 10_001)
      #expect(lines[widest + 1] == "wide – cell  \(widest % 10)")
      #expect(lines.enumerated().allSatisfy { $0 == widest + 1 || $1.count == 4 })
    }
  }

  @Test func aSampleOfAllRowsDeterminesTheWidths() throws {
    let table = Table(
      columns: [Table.Column(title: "N"), Table.Column(title: "M")], rowCount: 100_000,
      cell: { row, column, text in
        text.append(contentsOf: (column == 0 ? "\(row)" : "end").utf8)
      })
    let lines = try written { try table.print(Table.Layout(), to: &$0) }.split(separator: "\n")
    #expect(lines.allSatisfy { $0.count == 10 || $0 == "N      M" })
  }

  @Test func aFailedWriteThrows() throws {
    let full = try FileDescriptor.open("/dev/full", .writeOnly)
    defer { try? full.close() }
    var stream = OutputStream(full)
    #expect(throws: OutputProblem(errno: .noSpace)) {
      try ParallelRows.write(50_000, to: &stream) { rows, lines in
        for _ in rows { lines.append(contentsOf: "twenty octets a row\n".utf8) }
      }
    }
  }

  @Test func aJSONWriterContinuesAnotherOnesArray() {
    var first = JSONWriter()
    var text: [UInt8] = []
    first.openArray()
    first.element(1)
    first.move(to: &text)
    var second = JSONWriter(continuesArray: true)
    second.element(2)
    second.closeArray()
    second.move(to: &text)
    #expect(String(decoding: text, as: UTF8.self) == "[1,2]")
  }
}
