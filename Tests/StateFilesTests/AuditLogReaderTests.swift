import Glibc
import SystemPackage
import Testing

@testable import StateFiles

/// Reading a log of any size and in any state.
@Suite struct AuditLogReaderTests {
  private func write(_ text: String, _ folder: borrowing TemporaryFolder, append: Bool = false)
    throws
  {
    let file = try FileDescriptor.open(
      folder("audit.jsonl"), .writeOnly, options: append ? [.append] : [.create, .truncate],
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

  /// `#expect` copies what it looks at, which a reader cannot be.
  private func check(
    _ isSo: Bool, _ comment: Comment? = nil, at place: SourceLocation = #_sourceLocation
  ) {
    #expect(isSo, comment, sourceLocation: place)
  }

  @Test(arguments: ["", "a\n", "a\nb\n", "\n\n", "a\n\nb\n"])
  func linesAreGivenOutOneByOne(text: String) throws {
    let folder = try TemporaryFolder()
    try write(text, folder)
    var reader = try AuditLogReader(folder("audit.jsonl"))
    #expect(
      try lines(&reader)
        == text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    )
    check(!reader.endsWithPart)
  }

  @Test func longFilesAreReadInParts() throws {
    let folder = try TemporaryFolder()
    let wanted = (0..<5000).map { "\($0)" + String(repeating: "x", count: $0 % 300) }
    try write(wanted.map { $0 + "\n" }.joined(), folder)
    var reader = try AuditLogReader(folder("audit.jsonl"))
    #expect(try lines(&reader) == wanted)
  }

  @Test func aPartOfALineIsGivenOutWhenItIsWhole() throws {
    let folder = try TemporaryFolder()
    try write("a\nb", folder)
    var reader = try AuditLogReader(folder("audit.jsonl"))
    #expect(try lines(&reader) == ["a"])
    check(reader.endsWithPart)
    try write("c\nd\n", folder, append: true)
    #expect(try lines(&reader) == ["bc", "d"])
    check(!reader.endsWithPart)
  }

  @Test func aLineWithoutAnEndTakesNoMemoryAndNoneOfTheOthers() throws {
    let folder = try TemporaryFolder()
    let long = String(repeating: "x", count: 3 * AuditLogReader.lineLimit)
    try write("a\n" + long + "\nb\n" + long, folder)
    var reader = try AuditLogReader(folder("audit.jsonl"))
    #expect(try lines(&reader) == ["a", "too long", "b"])
    check(reader.endsWithPart)
  }

  @Test func aReplacedOrCutFileIsNoticed() throws {
    let folder = try TemporaryFolder()
    try write("a\nb\n", folder)
    var reader = try AuditLogReader(folder("audit.jsonl"))
    #expect(try lines(&reader) == ["a", "b"])
    check(!reader.isReplaced)
    try write("c\n", folder, append: true)
    check(!reader.isReplaced)
    try write("", folder)
    check(reader.isReplaced, "it was cut")
    #expect(unlink(folder("audit.jsonl").string) == 0)
    check(reader.isReplaced, "it is gone")
    try write("a\nb\nc\nd\n", folder)
    check(reader.isReplaced, "it is another one")
  }

  @Test func whatIsNoFileIsRefusedAndNotWaitedFor() throws {
    let folder = try TemporaryFolder()
    #expect(mkfifo(folder("fifo").string, 0o600) == 0)
    #expect(symlink("/etc/passwd", folder("link").string) == 0)
    let cases: [(FilePath, Errno)] = [
      (folder("fifo"), .invalidArgument), (folder("link"), .tooManySymbolicLinkLevels),
      (folder.path, .invalidArgument), (folder("none"), .noSuchFileOrDirectory),
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
