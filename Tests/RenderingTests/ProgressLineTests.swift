import Glibc
import SystemPackage
import Testing

@testable import Rendering

/// The progress line of a long operation, written to a pipe instead of a terminal.
@Suite struct ProgressLineTests {
  /// The output of a progress line during `work`.
  private func written(
    after patience: Duration, width: Int = 80, text: String = "reading", during work: () -> Void
  ) throws -> String {
    let pipe = try FileDescriptor.pipe()
    defer { try? pipe.readEnd.close() }
    let line = ProgressLine(on: pipe.writeEnd, width: width, after: patience) { _ in text }
    work()
    _ = consume line
    try pipe.writeEnd.close()
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = try bytes.withUnsafeMutableBytes { try pipe.readEnd.read(into: $0) }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  @Test func shortWorkShowsNoLine() throws {
    #expect(try written(after: .seconds(60)) {} == "")
  }

  @Test func theLineIsRewrittenAndClearedAtTheEnd() throws {
    let output = try written(after: .milliseconds(1)) { usleep(500_000) }
    #expect(output.hasPrefix("\r\u{1b}[Kreading\r\u{1b}[Kreading"))
    #expect(output.hasSuffix("reading\r\u{1b}[K"))
  }

  @Test func theLastColumnStaysFree() throws {
    let output = try written(after: .milliseconds(1), width: 5) { usleep(50_000) }
    #expect(output == "\r\u{1b}[Kread\r\u{1b}[K")
  }

  @Test func theWorkDoesNotWaitForTheLine() throws {
    let start = ContinuousClock.now
    _ = try written(after: .seconds(60)) {}
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  @Test func errorsOfTheWorkAreRethrown() {
    #expect(throws: OutputProblem(errno: .brokenPipe)) {
      try ProgressLine.during(isShown: true, { _ in "" }) { () throws(OutputProblem) in
        throw OutputProblem(errno: .brokenPipe)
      }
    }
  }

  @Test func closingShowsTheCountAndTheTimeLeft() {
    let progress = ClosingProgress(total: 5000)
    #expect(progress.text(after: .seconds(1)) == "closing 0 of 5,000")
    for _ in 0..<1000 { progress.step(1) }
    #expect(progress.text(after: .seconds(5)) == "closing 1,000 of 5,000, about 20s left")
    for _ in 0..<4000 { progress.step(1) }
    #expect(progress.text(after: .seconds(25)) == "closing 5,000 of 5,000")
  }
}
