import FoundationEssentials
import Glibc
import Testing

/// Files that commands read: `--replay` and `--plan`.
@Suite(.waitsForPrograms, .needsNamespaces) struct InputFileTests {
  let namespace: NetworkNamespace
  let folder: TemporaryFolder

  init() throws {
    namespace = try NetworkNamespace()
    folder = try TemporaryFolder()
  }

  static let readers = [["list", "--replay"], ["kill", "-y", "--plan"]]

  private func recording() throws -> String {
    let file = folder.path + "/recording"
    #expect(try namespace.connreap("list", "--record", file).status == 0)
    return file
  }

  @Test(arguments: readers)
  func whatIsNoRegularFileIsRefusedAtOnce(reader: [String]) throws {
    #expect(mkfifo(folder.path + "/fifo", 0o600) == 0)
    for (file, kind) in [
      ("/dev/zero", "a character device"), ("/dev/tty", "a character device"),
      (folder.path + "/fifo", "a FIFO"), (folder.path, "a directory"),
    ] {
      let ended = try namespace.connreap(reader + [file])
      #expect(ended.status == 65, "\(file): \(ended.complaints)")
      #expect(ended.complaints.contains("\(file) is \(kind), not a regular file"))
    }
  }

  /// A FIFO is refused without opening it: that would wake its writers.
  @Test func whoWritesAFIFOIsNotDisturbed() throws {
    let fifo = folder.path + "/fifo"
    #expect(mkfifo(fifo, 0o600) == 0)
    let writer = try Command(["bash", "-c", "echo kept > \"$0\"", fifo])
    #expect(try namespace.connreap("list", "--replay", fifo).status == 65)
    let reader = try Command.run(["timeout", "20", "cat", fifo])
    #expect(reader.text == "kept\n")
    #expect(try writer.end().status == 0)
  }

  @Test(arguments: [
    "cat \"$1\" | \"$0\" list --replay -", "cat \"$1\" | \"$0\" list --replay /dev/stdin",
    "\"$0\" list --replay <(cat \"$1\")", "\"$0\" list --replay /dev/fd/9 9<\"$1\"",
    "\"$0\" list --replay - <\"$1\"", "cat \"$1\" | \"$0\" list --replay /proc/self/fd/0",
  ])
  func pipesThatAreGivenAreRead(script: String) throws {
    let ended = try Command.run([
      "bash", "-c", script, Tools.connreap, try recording(),
    ])
    #expect(ended.status == 0, "\(ended.complaints)")
  }

  @Test func aPlanIsReadFromStandardInput() throws {
    let listener = try namespace.server.listen("listener", port: 8080)
    _ = try namespace.closeWaits(1, to: listener)
    let script = """
      "$0" kill --state close-wait --dry-run -o json | "$0" kill --plan - --yes --state-dir "$1"
      """
    let ended = try Command.run(
      namespace.entering + ["bash", "-c", script, Tools.connreap, namespace.state.path])
    #expect(ended.status == 0, "\(ended.complaints)")
    #expect(try namespace.rows(["--state", "close-wait"]).isEmpty)
  }

  @Test(arguments: readers)
  func anEndlessPipeIsRefusedAtItsStart(reader: [String]) throws {
    let script = "cat /dev/zero | (ulimit -v 4000000; exec \"$0\" \"$@\" -)"
    let ended = try Command.run(["bash", "-c", script, Tools.connreap] + reader)
    #expect(ended.status == 65, "\(ended.complaints)")
  }

  @Test(arguments: readers)
  func aFileBeyondTheLimitIsNotRead(reader: [String]) throws {
    let file = try folder.write("large", "")
    #expect(truncate(file, 1 << 40) == 0)
    let ended = try namespace.connreap(reader + [file])
    #expect(ended.status == 65)
    #expect(ended.complaints.contains("\(file) is larger than 2 GiB"), "\(ended.complaints)")
  }

  @Test func rootFollowsItsOwnLinksOnly() throws {
    let file = try recording()
    let link = folder.path + "/link"
    #expect(symlink("recording", link) == 0)
    #expect(symlink("link", folder.path + "/second") == 0)
    #expect(try namespace.connreap("list", "--replay", link).status == 0)
    #expect(try namespace.connreap("list", "--replay", folder.path + "/second").status == 0)
    #expect(lchown(link, 12345, 12345) == 0)
    for name in ["link", "second"] {
      let ended = try namespace.connreap("list", "--replay", "\(folder.path)/\(name)")
      #expect(ended.status == 65)
      #expect(ended.complaints.contains("\(link) is a symbolic link owned by uid 12345"))
    }
    #expect(chmod(folder.path, 0o755) == 0 && chmod(file, 0o644) == 0)
    let user = try Command.run([
      "setpriv", "--reuid", "54321", "--clear-groups", "--", Tools.connreap, "list", "--replay",
      link,
    ])
    #expect(user.status == 0, "an ordinary user follows links: \(user.complaints)")
    #expect(symlink("loop", folder.path + "/loop") == 0)
    #expect(try namespace.connreap("list", "--replay", folder.path + "/loop").status == 65)
  }
}
