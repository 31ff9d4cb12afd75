import Glibc
import SystemPackage
import Testing

@testable import StateFiles

@Suite struct InputFileTests {
  private func text(_ path: FilePath, limit: Int = 100) throws -> String {
    String(decoding: try InputFile.read(path.string, limit: limit), as: UTF8.self)
  }

  @Test func filesAreReadUpToTheLimit() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("12345678", to: "file")
    #expect(try text(path, limit: 8) == "12345678")
    #expect(throws: FileProblem.tooLarge(path, limit: 7)) { try text(path, limit: 7) }
    #expect(try text(try directory.write("", to: "empty")) == "")
  }

  @Test func largeFilesAreReadUnchanged() throws {
    let directory = try TemporaryDirectory()
    let content = String(repeating: "0123456789abcde\n", count: 50_000)
    let path = try directory.write(content, to: "file")
    #expect(try text(path, limit: content.utf8.count) == content)
  }

  @Test func readingStopsIfTheStartIsRejected() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(String(repeating: "x", count: 1 << 20), to: "file")
    var seen: [Int] = []
    let bytes = try InputFile.read(path.string, limit: 1 << 20) { start in
      seen.append(start.count)
      return false
    }
    #expect(seen == [4096] && bytes.count < 1 << 20 && bytes.count >= 4096)
  }

  @Test(.timeLimit(.minutes(1))) func onlyRegularFilesAreOpened() throws {
    let directory = try TemporaryDirectory()
    let fifo = directory("fifo")
    try check(mkfifo(fifo.string, 0o600))
    for (path, type) in [
      (fifo, FileType.fifo), (directory.path, .directory), ("/dev/null", .characterSpecial),
    ] {
      #expect(throws: FileProblem.notRegular(path, type)) { try text(path) }
    }
    #expect(throws: FileProblem.cannotOpen(directory("no"), .noSuchFileOrDirectory)) {
      try text(directory("no"))
    }
  }

  @Test func descriptorsAreReadAndStayOpen() throws {
    let pipe = try FileDescriptor.pipe()
    defer { try? pipe.readEnd.close() }
    _ = try pipe.writeEnd.writeAll("hello".utf8)
    try pipe.writeEnd.close()
    #expect(try text(FilePath("/dev/fd/\(pipe.readEnd.rawValue)")) == "hello")
    #expect(fcntl(pipe.readEnd.rawValue, F_GETFD) >= 0)
    #expect(throws: FileProblem.cannotOpen("/dev/fd/999999", .badFileDescriptor)) {
      try text("/dev/fd/999999")
    }
  }

  @Test func nonBlockingPipesAreWaitedFor() async throws {
    let pipe = try FileDescriptor.pipe()
    let reading = pipe.readEnd
    #expect(fcntl(reading.rawValue, F_SETFL, O_NONBLOCK) == 0)
    let read = Task.detached {
      try InputFile.read("/dev/fd/\(reading.rawValue)", limit: 100)
    }
    usleep(20_000)
    _ = try pipe.writeEnd.writeAll("late".utf8)
    try pipe.writeEnd.close()
    #expect(try await read.value == Array("late".utf8))
    try reading.close()
  }

  @Test(arguments: [
    ("-", 7), ("/dev/stdin", 0), ("/dev/stdout", 1), ("/dev/stderr", 2), ("/dev/fd/63", 63),
    ("/proc/self/fd/3", 3), ("/dev/fd/", nil), ("/dev/fd/x", nil), ("/dev/fd/-1", nil),
    ("/dev/fd/99999999999", nil), ("stdin", nil), ("./-", nil), ("", nil),
  ])
  func descriptorNamesAreRecognized(name: String, number: CInt?) {
    #expect(DescriptorName.number(of: name, dash: 7) == number)
  }
}
