import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import ProcessTable

/// Reading the links of an `fd` directory.
@Suite struct DescriptorDirectoryTests {
  private struct Entry: Equatable {
    let descriptor: Int32
    let link: DescriptorLink
  }

  private func entries(
    of pid: Int32, atMost limit: Int = .max
  ) throws -> [Entry] {
    let directory = try Directory("/proc").subdirectory("\(pid)").subdirectory("fd")
    var entries: [Entry] = []
    try directory.forEachLink(EntryBuffer()) {
      entries.append(Entry(descriptor: $0, link: $1))
      return entries.count < limit
    }
    return entries
  }

  /// Descriptor tables: consecutive from 0, empty, and with gaps everywhere.
  static let tables: [[Int32]] = [
    [], [0], [1], [0, 1, 2], [0, 1, 2, 4], [2, 3, 9, 10, 11, 99, 100, 101], [0, 255, 256],
    Array(0..<1000) + [1001, 1010] + Array(1015..<1030),
  ]

  @Test(arguments: tables)
  func everyDescriptorIsReadOnce(_ descriptors: [Int32]) throws {
    try #require(PythonChild.isInstalled)
    let child = PythonChild(
      """
      import resource
      resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
      wanted = \(descriptors)
      first = socket.socket()
      kept = os.dup2(first.fileno(), 2000)
      null = os.dup2(os.open('/dev/null', os.O_RDONLY), 2001)
      out = os.dup2(1, 2002)
      os.closerange(0, 2000)
      for i, number in enumerate(wanted): os.dup2(kept if i % 2 else null, number)
      os.closerange(2000, 2002)
      os.write(out, b'up\\n')
      os.close(out)
      time.sleep(60)
      """)
    // The child closes its ready descriptor only a moment after writing to it.
    var waited = 0
    while try entries(of: child.pid).contains(where: { $0.descriptor == 2002 }) {
      waited += 1
      try #require(waited < 10_000, "the child never closed it")
      usleep(1000)
    }
    let found = try entries(of: child.pid)
    #expect(found.map(\.descriptor).sorted() == descriptors)
    let sockets = found.filter { if case .socket = $0.link { true } else { false } }
    #expect(sockets.count == descriptors.count / 2)
  }

  @Test(arguments: [1, 2, 5]) func readingStopsOnRequest(_ limit: Int) throws {
    let held = (0..<8).map { fcntl(1, F_DUPFD_CLOEXEC, Int32(700 + 2 * $0)) }
    defer { for descriptor in held { close(descriptor) } }
    #expect(try entries(of: getpid(), atMost: limit).count == limit)
  }

  @Test func endedProcessesAreGone() throws {
    try #require(PythonChild.isInstalled)
    let child = PythonChild("ready('up'); time.sleep(60)")
    let directory = try Directory("/proc").subdirectory("\(child.pid)").subdirectory("fd")
    child.end()
    let failure = #expect(throws: Errno.self) {
      try directory.forEachLink(EntryBuffer()) { _, _ in true }
    }
    #expect(failure?.meansGone == true)
  }
}
