import FoundationEssentials
import Glibc
import Testing

/// Files that commands write: `--record`, `report --html` and `metrics --textfile`.
@Suite(.waitsForPrograms, .needsNamespaces) struct OutputFileTests {
  let namespace: NetworkNamespace
  let folder: TemporaryFolder

  init() throws {
    namespace = try NetworkNamespace()
    folder = try TemporaryFolder()
  }

  /// What writes to a file, without its name.
  static let writers = [
    ["list", "--record"], ["metrics", "--textfile"], ["report", "--html"],
  ]

  private func connreap(_ writer: [String], _ file: String) throws -> Ended {
    try namespace.connreap(arguments(writer) + [file])
  }

  private func arguments(_ writer: [String]) -> [String] {
    guard let command = writer.first, command != "list" else { return writer }
    return [command, "--state-dir", folder.path + "/state"] + writer.dropFirst()
  }

  private func shell(_ script: String, _ words: [String]) throws -> Ended {
    try Command.run(namespace.entering + ["bash", "-c", script, Tools.connreap] + words)
  }

  private var names: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0 != "state" }
        .sorted()
    }
  }

  @Test(arguments: writers)
  func onlyARegularFileIsReplaced(writer: [String]) throws {
    let target = try folder.write("target", "kept")
    #expect(symlink("target", folder.path + "/link") == 0)
    #expect(symlink("missing", folder.path + "/dangling") == 0)
    #expect(mkfifo(folder.path + "/fifo", 0o600) == 0)
    #expect(mkdir(folder.path + "/directory", 0o700) == 0)
    #expect(mknod(folder.path + "/null", S_IFCHR | 0o666, dev_t(0x103)) == 0)
    for (name, kind) in [
      ("link", "a symbolic link"), ("dangling", "a symbolic link"), ("fifo", "a FIFO"),
      ("directory", "a directory"), ("directory/", "a directory"), ("null", "a character device"),
      ("directory/.", "a directory"), ("directory/..", "a directory"),
    ] {
      let ended = try connreap(writer, "\(folder.path)/\(name)")
      #expect(ended.status == 64, "\(name): \(ended.complaints)")
      #expect(ended.complaints.contains("is \(kind), not a regular file"), "\(ended.complaints)")
      #expect(ended.complaints.contains("\(folder.path)"), "\(ended.complaints)")
    }
    #expect(try String(contentsOfFile: target, encoding: .utf8) == "kept")
    #expect(try names == ["dangling", "directory", "fifo", "link", "null", "target"])
    var facts = stat()
    #expect(stat("/dev/null", &facts) == 0 && facts.st_mode & S_IFMT == S_IFCHR)
  }

  @Test(arguments: writers)
  func aDirectoryThatIsNotThereIsNamed(writer: [String]) throws {
    for name in ["sub/", "sub/file"] {
      let ended = try connreap(writer, "\(folder.path)/\(name)")
      #expect(ended.status != 0 && ended.complaints.contains("\(folder.path)/sub"))
      #expect(ended.complaints.contains("directory"), "\(ended.complaints)")
    }
    #expect(try names == [])
  }

  @Test(arguments: writers)
  func standardOutputIsWrittenTo(writer: [String]) throws {
    for name in ["/dev/stdout", "/dev/fd/1", "-"] {
      let ended = try shell("\"$0\" \"$@\" | cat", arguments(writer) + [name])
      #expect(ended.status == 0 && ended.text.count > 50, "\(name): \(ended.complaints)")
    }
    // Also where it is a file that cannot be opened by its name any more.
    let script = """
      exec 3>"$1/out"; rm "$1/out"; d=$1; shift
      "$0" "$@" /dev/fd/3 >"$d/x" && cat /proc/self/fd/3 | wc -c && rm "$d/x"
      """
    let ended = try shell(script, [folder.path] + arguments(writer))
    #expect(try ended.status == 0 && #require(Int(ended.lines[0])) > 50, "\(ended.complaints)")
    #expect(try names == [])
  }

  @Test(arguments: [["metrics", "--textfile"], ["report", "--html"]])
  func anExistingFileKeepsItsOwnerAndMode(writer: [String]) throws {
    let file = try folder.write("file", "old")
    #expect(chown(file, 12345, 23456) == 0 && chmod(file, 0o640) == 0)
    #expect(try connreap(writer, file).status == 0)
    #expect(try Command.run(["stat", "-c", "%u:%g %a", file]).text == "12345:23456 640\n")
    #expect(try String(contentsOfFile: file, encoding: .utf8).count > 50)
    #expect(try names == ["file"])
  }

  @Test func aRecordingIsForItsReaderAloneWhoeverMadeTheFile() throws {
    let file = try folder.write("file", "old")
    #expect(chown(file, 12345, 23456) == 0 && chmod(file, 0o666) == 0)
    #expect(try connreap(["list", "--record"], file).status == 0)
    #expect(try Command.run(["stat", "-c", "%u:%g %a", file]).text == "0:0 600\n")
  }

  @Test(arguments: writers)
  func aFileThatSomebodyPutIntoASharedDirectoryIsNotReplaced(writer: [String]) throws {
    #expect(chmod(folder.path, 0o1777) == 0)
    let file = try folder.write("file", "planted", mode: 0o666)
    #expect(chown(file, 12345, 12345) == 0)
    let ended = try connreap(writer, file)
    #expect(ended.status == 64 && ended.complaints.contains("uid 12345"), "\(ended.complaints)")
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "planted")
  }

  @Test func anOrdinaryUserCannotChangeAnOwner() throws {
    #expect(chmod(folder.path, 0o777) == 0)
    let file = try folder.write("file", "old", mode: 0o644)
    let ended = try Command.run([
      "setpriv", "--reuid", "54321", "--clear-groups", "--", Tools.connreap, "metrics",
      "--state-dir", folder.path + "/none", "--textfile", file,
    ])
    #expect(ended.status == 77 && ended.complaints.contains("cannot keep the owner"))
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "old")
    #expect(try names == ["file"])
  }

  // MARK: - Interruption and other runs

  @Test(arguments: writers)
  func runsAtOnceAllSucceed(writer: [String]) throws {
    let file = folder.path + "/file"
    let runs = try (0..<12).map { _ in
      try Command(namespace.entering + [Tools.connreap] + arguments(writer) + [file])
    }
    for run in runs {
      let ended = try run.end(within: 120)
      #expect(ended.status == 0, "\(ended.complaints)")
    }
    #expect(try names == ["file"])
  }

  /// In a container every run has the pid 1.
  @Test(.needsTracing) func aKilledRunBlocksNoLaterOneOfTheSamePid() throws {
    let file = folder.path + "/file"
    let words =
      namespace.entering + [
        "unshare", "--pid", "--fork", "--mount-proc", "--kill-child",
      ]
    let command = [Tools.connreap] + arguments(["metrics", "--textfile"]) + [file]
    for _ in 0..<2 {
      let killed = try Command.run(
        words + [
          "strace", "-qq", "-o", "/dev/null", "-e", "trace=rename,renameat,renameat2", "-e",
          "inject=rename,renameat,renameat2:signal=KILL:when=1",
        ] + command)
      #expect(killed.status != 0)
      #expect(try names.count >= 1, "a name is left, at the worst moment")
    }
    let ended = try Command.run(words + ["--"] + command)
    #expect(ended.status == 0, "\(ended.complaints)")
    #expect(try names == ["file"], "and what they left is removed")
  }

  @Test(.needsTracing, arguments: ["fsync", "linkat", "fchmod", "write"])
  func aRunThatIsKilledBeforeItsFileHasANameLeavesNothing(call: String) throws {
    let file = try folder.write("file", "old")
    let killed = try Command.run(
      namespace.entering + [
        "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
        "inject=\(call):signal=KILL:when=1", Tools.connreap,
      ] + arguments(["metrics", "--textfile"]) + [file])
    #expect(killed.status != 0)
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "old")
    #expect(try connreap(["metrics", "--textfile"], file).status == 0)
    #expect(try names == ["file"])
  }

  @Test(.needsTracing) func asTermBetweenTheStepsTheFileIsWholeAndNothingIsLeft() throws {
    let file = try folder.write("file", "old")
    let ended = try Command.run(
      namespace.entering + [
        "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=linkat", "-e",
        "inject=linkat:signal=TERM:when=1", Tools.connreap,
      ] + arguments(["metrics", "--textfile"]) + [file])
    #expect(ended.status == 143 || ended.status == 0, "\(ended.status) \(ended.complaints)")
    #expect(try names == ["file"])
  }

  @Test(.needsTracing, arguments: ["fsync:error=EIO", "renameat:error=EIO", "linkat:error=ENOSPC"])
  func aFailureOfTheDiskLeavesTheOldFile(fault: String) throws {
    let file = try folder.write("file", "old")
    let call = fault.prefix { $0 != ":" }
    let ended = try Command.run(
      namespace.entering + [
        "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
        "inject=\(fault)", Tools.connreap,
      ] + arguments(["metrics", "--textfile"]) + [file])
    #expect(ended.status == 1 && ended.complaints.contains("cannot write \(file)"))
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "old")
    #expect(try names == ["file"])
  }
}
