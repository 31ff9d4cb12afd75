import Glibc
import SystemPackage
import Testing

@testable import StateFiles

/// Reading a log of any size, complete or not.
@Suite struct AuditLogReaderTests {
  private func write(
    _ text: String, _ directory: borrowing TemporaryDirectory, append: Bool = false
  )
    throws
  {
    let file = try FileDescriptor.open(
      directory("audit.jsonl"), .writeOnly, options: append ? [.append] : [.create, .truncate],
      permissions: .ownerReadWrite)
    try file.closeAfter { _ = try file.writeAll(text.utf8) }
  }

  private func lines(_ reader: inout AuditLogReader) throws -> [String] {
    var lines: [String] = []
    while let line = try reader.next() {
      switch line {
      case .whole(let bytes): lines.append(String(decoding: bytes, as: UTF8.self))
      case .tooLong: lines.append("too long")
      }
    }
    return lines
  }

  /// `#expect` copies its operands, and a reader cannot be copied.
  private func check(
    _ isTrue: Bool, _ comment: Comment? = nil, at location: SourceLocation = #_sourceLocation
  ) {
    #expect(isTrue, comment, sourceLocation: location)
  }

  @Test(arguments: ["", "a\n", "a\nb\n", "\n\n", "a\n\nb\n"])
  func linesAreReadOneByOne(text: String) throws {
    let directory = try TemporaryDirectory()
    try write(text, directory)
    var reader = try AuditLogReader(directory("audit.jsonl"))
    #expect(
      try lines(&reader)
        == text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    )
    check(!reader.endsInPartialLine)
  }

  @Test func longFilesAreReadCompletely() throws {
    let directory = try TemporaryDirectory()
    let wanted = (0..<5000).map { "\($0)" + String(repeating: "x", count: $0 % 300) }
    try write(wanted.map { $0 + "\n" }.joined(), directory)
    var reader = try AuditLogReader(directory("audit.jsonl"))
    #expect(try lines(&reader) == wanted)
  }

  @Test func partialLinesAreReturnedWhenComplete() throws {
    let directory = try TemporaryDirectory()
    try write("a\nb", directory)
    var reader = try AuditLogReader(directory("audit.jsonl"))
    #expect(try lines(&reader) == ["a"])
    check(reader.endsInPartialLine)
    try write("c\nd\n", directory, append: true)
    #expect(try lines(&reader) == ["bc", "d"])
    check(!reader.endsInPartialLine)
  }

  @Test func overlongLinesAreSkippedAndOthersAreKept() throws {
    let directory = try TemporaryDirectory()
    let long = String(repeating: "x", count: 3 * AuditLogReader.lineLimit)
    try write("a\n" + long + "\nb\n" + long, directory)
    var reader = try AuditLogReader(directory("audit.jsonl"))
    #expect(try lines(&reader) == ["a", "too long", "b"])
    check(reader.endsInPartialLine)
  }

  @Test func replacedOrTruncatedFilesAreDetected() throws {
    let directory = try TemporaryDirectory()
    try write("a\nb\n", directory)
    var reader = try AuditLogReader(directory("audit.jsonl"))
    #expect(try lines(&reader) == ["a", "b"])
    check(!reader.isReplaced)
    try write("c\n", directory, append: true)
    check(!reader.isReplaced)
    try write("", directory)
    check(reader.isReplaced, "truncated")
    #expect(unlink(directory("audit.jsonl").string) == 0)
    check(reader.isReplaced, "deleted")
    try write("a\nb\nc\nd\n", directory)
    check(reader.isReplaced, "replaced")
  }

  @Test func anythingButARegularFileIsRefusedWithoutWaiting() throws {
    let directory = try TemporaryDirectory()
    #expect(mkfifo(directory("fifo").string, 0o600) == 0)
    #expect(symlink("/etc/passwd", directory("link").string) == 0)
    let cases: [(FilePath, Errno)] = [
      (directory("fifo"), .invalidArgument), (directory("link"), .tooManySymbolicLinkLevels),
      (directory.path, .invalidArgument), (directory("none"), .noSuchFileOrDirectory),
      ("/dev/zero", .invalidArgument),
    ]
    for (path, errno) in cases {
      do {
        _ = try AuditLogReader(path)
        Issue.record("\(path) was opened")
      } catch {
        #expect(error.errno == errno)
        #expect(error.description.hasPrefix("cannot read the audit log "))
      }
    }
  }
}
