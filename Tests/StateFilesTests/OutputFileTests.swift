import Glibc
import SystemPackage
import Testing

@testable import StateFiles

/// An output file is replaced atomically or not at all.
@Suite struct OutputFileTests {
  private func write(
    _ text: String, to path: FilePath, permissions: FilePermissions = .ownerReadWrite
  ) throws {
    try OutputFile(path.string).write(
      Array(text.utf8), permissions: permissions, keepsOwner: true)
  }

  private func text(_ path: FilePath) throws -> String {
    String(decoding: try InputFile.read(path.string, limit: 1000), as: UTF8.self)
  }

  private func names(in temporary: borrowing TemporaryDirectory) throws -> [String] {
    let directory = try OpenFile(temporary.path, flags: OpenFile.pathOnly)
    return try DirectoryNames.first(1000, in: directory.descriptor).sorted()
  }

  private func mode(_ path: FilePath) throws -> UInt32 {
    try path.stat().permissions.rawValue
  }

  @Test func filesGetTheContentAndTheMode() throws {
    let temporary = try TemporaryDirectory()
    let path = temporary("x.prom")
    try write("one", to: path, permissions: FilePermissions(rawValue: 0o664))
    #expect(try text(path) == "one")
    #expect(try mode(path) == 0o664, "regardless of the umask")
    try write("", to: path)
    #expect(try text(path) == "" && mode(path) == 0o664, "the old mode stays")
    #expect(try names(in: temporary) == ["x.prom"], "nothing is left beside it")
  }

  @Test func readersOfTheOldFileKeepIt() throws {
    let temporary = try TemporaryDirectory()
    let path = try temporary.write("old", to: "file")
    let old = try FileDescriptor.open(path, .readOnly)
    defer { try? old.close() }
    try write("new", to: path)
    var bytes = [UInt8](repeating: 0, count: 8)
    #expect(try bytes.withUnsafeMutableBytes { try old.read(into: $0) } == 3)
    #expect(bytes.starts(with: "old".utf8))
  }

  @Test func fileNamesMayHaveTheMaximumLength() throws {
    let temporary = try TemporaryDirectory()
    let path = temporary(String(repeating: "n", count: 255))
    try write("x", to: path)
    #expect(try text(path) == "x")
  }

  @Test(arguments: ["x/", "x/.", "x/..", "", "/", ".", ".."])
  func directoryNamesAreRefused(name: String) throws {
    let temporary = try TemporaryDirectory()
    let name = name.hasPrefix("x") ? temporary(name.prefix(1) + "").string + name.dropFirst() : name
    #expect(throws: FileProblem.self) { try OutputFile(name) }
  }

  @Test func staleFilesAreRemovedUnlessLocked() throws {
    let temporary = try TemporaryDirectory()
    let stale = try temporary.write("x", to: ".connreap-0123456789abcdef.tmp")
    let busy = try temporary.write("x", to: ".connreap-0123456789abcde0.tmp")
    for name in [
      ".connreap-0123456789abcde.tmp", ".connreap-0123456789abcdeg.tmp", "connreap.tmp",
      ".other.tmp",
    ] {
      try temporary.write("x", to: name)
    }
    try check(symlink("/nowhere", temporary(".connreap-000000000000000a.tmp").string))
    try check(mkfifo(temporary(".connreap-000000000000000b.tmp").string, 0o600))
    let lock = try OpenFile(busy, flags: O_RDWR)
    #expect(try lock.lockIfFree())
    try write("x", to: temporary("file"))
    let left = try names(in: temporary)
    #expect(!left.contains(stale.lastComponent?.string ?? "") && left.count == 8, "\(left)")
    #expect(left.contains(busy.lastComponent?.string ?? ""))
  }

  @Test func temporaryFilesAreDeletedUnlessMoved() throws {
    let temporary = try TemporaryDirectory()
    let directory = try OpenFile(temporary.path, flags: OpenFile.pathOnly | O_DIRECTORY)
    for isUnnamed in [true, false] {
      do {
        var file = try TemporaryFile.make(
          in: directory.descriptor, [1], isUnnamed: isUnnamed)
        #expect(try names(in: temporary).count == (isUnnamed ? 0 : 1))
        #expect(throws: Errno.self) { try file.move(to: "no/such") }
      }
      #expect(try names(in: temporary) == [], "\(isUnnamed)")
      var file = try TemporaryFile.make(in: directory.descriptor, [1], isUnnamed: isUnnamed)
      TemporaryFile.removeStale(in: directory.descriptor)
      try file.move(to: "file")
      #expect(try names(in: temporary) == ["file"])
      try check(unlink(temporary("file").string))
    }
  }

  @Test func signalsAreBlockedOnlyWhileTheValueLives() throws {
    func isBlocked() -> Bool {
      var mask = sigset_t()
      pthread_sigmask(SIG_BLOCK, nil, &mask)
      return sigismember(&mask, SIGTERM) == 1
    }
    // The threads of libdispatch, which runs the tests, block all signals.
    var (term, before) = (sigset_t(), sigset_t())
    sigemptyset(&term)
    sigaddset(&term, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &term, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    #expect(!isBlocked())
    do {
      let held = BlockedSignals()
      #expect(isBlocked())
      _ = consume held
    }
    #expect(!isBlocked())
  }

  @Test func problemsNameTheFileAndTheReason() {
    for (problem, text) in [
      (FileProblem.notRegular("f", .fifo), "f is a FIFO, not a regular file"),
      (.notRegular("f", .socket), "f is a socket, not a regular file"),
      (.tooLarge("f", limit: 2 << 30), "f is larger than 2 GiB"),
      (.tooLarge("f", limit: 1000), "f is larger than 1000 bytes"),
      (.cannotWrite("f", .noSpace), "cannot write f: No space left on device"),
      (.noSuchDirectory("sub/"), "no such directory: sub/"),
    ] {
      #expect(problem.description == text)
    }
  }
}
