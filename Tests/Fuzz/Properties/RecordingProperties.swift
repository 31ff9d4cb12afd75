import Connections
import Netlink
import ProcessTable
import Scanning
import Selection
import SocketDiagnostics
import SystemPackage

/// Properties of every file that is replayed.
enum RecordingProperties {
  static func check(_ bytes: [UInt8]) throws(Violation) {
    if RawDump.isStart(of: bytes) { try checkDump(bytes) }
    let recording: Recording
    do throws(RecordingProblem) {
      recording = try Recording(text: bytes)
    } catch {
      try requireOneLine(error.description)
      let lineCount = bytes.count { $0 == UInt8(ascii: "\n") } + 1
      try require(
        (1...lineCount).contains(error.line), "an error in line \(error.line) of \(lineCount)")
      return
    }
    let again: Recording
    do throws(RecordingProblem) {
      again = try Recording(text: recording.text)
    } catch {
      throw Violation("a printed recording cannot be read: \(error)")
    }
    try require(again == recording, "reading a printed recording gives a different recording")
    try replay { ReplayTransport(recording) }
  }

  private static func checkDump(_ bytes: [UInt8]) throws(Violation) {
    let dump: RawDump
    do throws(RawDumpProblem) {
      dump = try RawDump(bytes)
    } catch {
      try requireOneLine(error.description)
      return
    }
    for row in dump.rows {
      try require(
        row.startIndex >= 0 && row.endIndex <= bytes.count && row.count >= 18,
        "a row of \(row.count) bytes at \(row.startIndex)")
    }
    let found = try replay { RawDumpTransport(dump) }
    try require(found <= dump.rows.count, "\(found) connections of \(dump.rows.count) rows")
  }

  /// Scans the transports that `open` returns, as `--replay` does, and returns the number of
  /// connections.
  @discardableResult
  private static func replay(
    _ open: () -> any NetlinkTransport
  ) throws(Violation) -> Int {
    for families in [DumpRequest.Families.only(.ipv4), .only(.ipv6), .both] {
      var diagnostics = TCPDiagnostics(over: open(), uptime: nil)
      let request = DumpRequest(families: families, states: .all, details: .figures)
      do throws(NetlinkProblem) {
        try diagnostics.dump(request) { _ in }
      } catch {
        try requireOneLine(error.description)
      }
    }
    let transport = open()
    let scanner = Scanner(processes: ProcFileSystem(root: "/nonexistent"), threads: 1) {
      () throws(NetlinkProblem) in transport
    }
    let moment = ScanMoment(
      bootID: nil, networkNamespace: nil, uptime: nil, kernelRelease: nil)
    let snapshot: Snapshot
    do throws(ScanProblem) {
      snapshot = try scanner.scan(ScanRequest(.everything, reading: .figures), at: moment)
    } catch {
      return 0
    }
    try require(
      Set(snapshot.connections.map(\.cookie)).count == snapshot.connections.count,
      "the snapshot has a socket twice")
    return snapshot.connections.count
  }
}
