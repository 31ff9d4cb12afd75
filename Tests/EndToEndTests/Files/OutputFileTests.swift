import FoundationEssentials
import Glibc
import Testing

/// Output files: `--record`, `report --html` and `metrics --textfile`.
@Suite(.waitsForPrograms, .needsNamespaces) struct OutputFileTests {
  let namespace: NetworkNamespace
  let directory: TemporaryDirectory

  init() throws {
    namespace = try NetworkNamespace()
    directory = try TemporaryDirectory()
  }

  /// Commands that take an output file as their last argument.
  static let writers = [
    ["list", "--record"], ["metrics", "--textfile"], ["report", "--html"],
  ]

  private func connreap(_ writer: [String], _ file: String) throws -> CommandResult {
    try namespace.connreap(arguments(writer) + [file])
  }

  private func arguments(_ writer: [String]) -> [String] {
    guard let command = writer.first, command != "list" else { return writer }
    return [command, "--state-dir", directory.path + "/state"] + writer.dropFirst()
  }

  private func shell(_ script: String, _ words: [String]) throws -> CommandResult {
    try Command.run(namespace.entering + ["bash", "-c", script, Tools.connreap] + words)
  }

  private var names: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0 != "state" }
        .sorted()
    }
  }

  @Test(arguments: writers)
  func onlyRegularFilesAreReplaced(writer: [String]) throws {
    let target = try directory.write("target", "kept")
    #expect(symlink("target", directory.path + "/link") == 0)
    #expect(symlink("missing", directory.path + "/dangling") == 0)
    #expect(mkfifo(directory.path + "/fifo", 0o600) == 0)
    #expect(mkdir(directory.path + "/directory", 0o700) == 0)
    #expect(mknod(directory.path + "/null", S_IFCHR | 0o666, dev_t(0x103)) == 0)
    for (name, kind) in [
      ("link", "a symbolic link"), ("dangling", "a symbolic link"), ("fifo", "a FIFO"),
      ("directory", "a directory"), ("directory/", "a directory"), ("null", "a character device"),
      ("directory/.", "a directory"), ("directory/..", "a directory"),
    ] {
      let ended = try connreap(writer, "\(directory.path)/\(name)")
      #expect(ended.status == 64, "\(name): \(ended.errorText)")
      #expect(ended.errorText.contains("is \(kind), not a regular file"), "\(ended.errorText)")
      #expect(ended.errorText.contains("\(directory.path)"), "\(ended.errorText)")
    }
    #expect(try String(contentsOfFile: target, encoding: .utf8) == "kept")
    #expect(try names == ["dangling", "directory", "fifo", "link", "null", "target"])
    var status = stat()
    #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test(arguments: writers)
  func missingDirectoriesAreReported(writer: [String]) throws {
    for name in ["sub/", "sub/file"] {
      let ended = try connreap(writer, "\(directory.path)/\(name)")
      #expect(ended.status != 0 && ended.errorText.contains("\(directory.path)/sub"))
      #expect(ended.errorText.contains("directory"), "\(ended.errorText)")
    }
    #expect(try names == [])
  }

  @Test(arguments: writers)
  func standardOutputCanBeNamed(writer: [String]) throws {
    for name in ["/dev/stdout", "/dev/fd/1", "-"] {
      let ended = try shell("\"$0\" \"$@\" | cat", arguments(writer) + [name])
      #expect(ended.status == 0 && ended.text.count > 50, "\(name): \(ended.errorText)")
    }
    // Standard output can also be a deleted file, which has no name to open.
    let script = """
      exec 3>"$1/out"; rm "$1/out"; d=$1; shift
      "$0" "$@" /dev/fd/3 >"$d/x" && cat /proc/self/fd/3 | wc -c && rm "$d/x"
      """
    let ended = try shell(script, [directory.path] + arguments(writer))
    #expect(try ended.status == 0 && #require(Int(ended.lines[0])) > 50, "\(ended.errorText)")
    #expect(try names == [])
  }

  @Test(arguments: [["metrics", "--textfile"], ["report", "--html"]])
  func existingFilesKeepTheirOwnerAndMode(writer: [String]) throws {
    let file = try directory.write("file", "old")
    #expect(chown(file, 12345, 23456) == 0 && chmod(file, 0o640) == 0)
    #expect(try connreap(writer, file).status == 0)
    #expect(try Command.run(["stat", "-c", "%u:%g %a", file]).text == "12345:23456 640\n")
    #expect(try String(contentsOfFile: file, encoding: .utf8).count > 50)
    #expect(try names == ["file"])
  }

  @Test func recordingsReplaceTheOwnerAndMode() throws {
    let file = try directory.write("file", "old")
    #expect(chown(file, 12345, 23456) == 0 && chmod(file, 0o666) == 0)
    #expect(try connreap(["list", "--record"], file).status == 0)
    #expect(try Command.run(["stat", "-c", "%u:%g %a", file]).text == "0:0 600\n")
  }

  @Test(arguments: writers)
  func filesPlantedInASharedDirectoryAreNotReplaced(writer: [String]) throws {
    #expect(chmod(directory.path, 0o1777) == 0)
    let file = try directory.write("file", "planted", mode: 0o666)
    #expect(chown(file, 12345, 12345) == 0)
    let ended = try connreap(writer, file)
    #expect(ended.status == 64 && ended.errorText.contains("uid 12345"), "\(ended.errorText)")
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "planted")
  }

  @Test func unprivilegedUsersCannotReplaceFilesOfOthers() throws {
    #expect(chmod(directory.path, 0o777) == 0)
    let file = try directory.write("file", "old", mode: 0o644)
    let ended = try Command.run([
      "setpriv", "--reuid", "54321", "--clear-groups", "--", Tools.connreap, "metrics",
      "--state-dir", directory.path + "/none", "--textfile", file,
    ])
    #expect(ended.status == 77 && ended.errorText.contains("cannot keep the owner"))
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "old")
    #expect(try names == ["file"])
  }

  // MARK: - Interruption and other runs

  @Test(arguments: writers)
  func concurrentRunsSucceed(writer: [String]) throws {
    let file = directory.path + "/file"
    let runs = try (0..<12).map { _ in
      try Command(namespace.entering + [Tools.connreap] + arguments(writer) + [file])
    }
    for run in runs {
      let ended = try run.end(within: 120)
      #expect(ended.status == 0, "\(ended.errorText)")
    }
    #expect(try names == ["file"])
  }

  /// In a container, every run has PID 1.
  @Test(.needsTracing) func killedRunsDoNotBlockLaterRunsWithTheSamePID() throws {
    let file = directory.path + "/file"
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
      #expect(try names.count >= 1, "the killed run leaves a temporary file")
    }
    let ended = try Command.run(words + ["--"] + command)
    #expect(ended.status == 0, "\(ended.errorText)")
    #expect(try names == ["file"], "the next run removes the temporary files")
  }

  @Test(.needsTracing, arguments: ["fsync", "linkat", "fchmod", "write"])
  func killedRunsLeaveNoUnnamedFile(call: String) throws {
    let file = try directory.write("file", "old")
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

  @Test(.needsTracing) func sigtermLeavesNoTemporaryFile() throws {
    let file = try directory.write("file", "old")
    let ended = try Command.run(
      namespace.entering + [
        "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=linkat", "-e",
        "inject=linkat:signal=TERM:when=1", Tools.connreap,
      ] + arguments(["metrics", "--textfile"]) + [file])
    #expect(ended.status == 143 || ended.status == 0, "\(ended.status) \(ended.errorText)")
    #expect(try names == ["file"])
  }

  @Test(.needsTracing, arguments: ["fsync:error=EIO", "renameat:error=EIO", "linkat:error=ENOSPC"])
  func diskErrorsKeepTheOldFile(fault: String) throws {
    let file = try directory.write("file", "old")
    let call = fault.prefix { $0 != ":" }
    let ended = try Command.run(
      namespace.entering + [
        "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
        "inject=\(fault)", Tools.connreap,
      ] + arguments(["metrics", "--textfile"]) + [file])
    #expect(ended.status == 1 && ended.errorText.contains("cannot write \(file)"))
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "old")
    #expect(try names == ["file"])
  }
}
