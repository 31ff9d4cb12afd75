import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import ConnreapCommands

/// A file that others read is replaced as a whole or not at all.
@Suite struct ReplaceFileTests {
  private let folder = ProcTree()

  private func names() -> [String] {
    var names: [String] = []
    guard let stream = opendir(folder.root.string) else { return [] }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  @Test func theFileHasTheContentAndAllMayReadIt() throws {
    let path = folder.root.appending("x.prom")
    defer { unlink(path.string) }
    try FileContents.replace(path, with: Array("one".utf8))
    #expect(try FileContents.read(path) == Array("one".utf8))
    try FileContents.replace(path, with: [])
    #expect(try FileContents.read(path).isEmpty)
    var status = stat()
    #expect(stat(path.string, &status) == 0 && status.st_mode & 0o7777 == 0o644)
    #expect(names() == ["x.prom"], "nothing is left beside it")
  }

  @Test func theFileMayBeForItsOwnerAlone() throws {
    let path = folder.root.appending("x.html")
    defer { unlink(path.string) }
    try FileContents.replace(path, with: [1], permissions: .ownerReadWrite)
    var status = stat()
    #expect(stat(path.string, &status) == 0 && status.st_mode & 0o7777 == 0o600)
  }

  @Test func whoReadsTheOldFileKeepsIt() throws {
    folder.file("x.prom", "old")
    let old = open(folder.path("x.prom"), O_RDONLY)
    defer { close(old) }
    try FileContents.replace(folder.root.appending("x.prom"), with: Array("new".utf8))
    var bytes = [UInt8](repeating: 0, count: 8)
    #expect(read(old, &bytes, 8) == 3 && bytes.starts(with: "old".utf8))
  }

  @Test func aLinkIsReplacedAndNotFollowed() throws {
    folder.file("target", "kept")
    folder.link("x.prom", to: "target")
    try FileContents.replace(folder.root.appending("x.prom"), with: Array("new".utf8))
    #expect(try FileContents.read(folder.root.appending("target")) == Array("kept".utf8))
  }

  @Test func whatCannotBeReplacedStaysAndLeavesNothing() throws {
    folder.folder("x.prom/y")
    #expect(throws: Errno.isDirectory) {
      try FileContents.replace(folder.root.appending("x.prom"), with: [1])
    }
    #expect(names() == ["x.prom"])
    #expect(throws: Errno.noSuchFileOrDirectory) {
      try FileContents.replace(folder.root.appending("no/x.prom"), with: [1])
    }
    #expect(throws: Errno.invalidArgument) { try FileContents.replace("/", with: [1]) }
  }
}
