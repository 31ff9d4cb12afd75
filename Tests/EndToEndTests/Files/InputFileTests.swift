import FoundationEssentials
import Glibc
import Testing

/// Input files: `--replay` and `--plan`.
@Suite(.waitsForPrograms, .needsNamespaces) struct InputFileTests {
  let namespace: NetworkNamespace
  let directory: TemporaryDirectory

  init() throws {
    namespace = try NetworkNamespace()
    directory = try TemporaryDirectory()
  }

  static let readers = [["list", "--replay"], ["kill", "-y", "--plan"]]

  private func recording() throws -> String {
    let file = directory.path + "/recording"
    #expect(try namespace.connreap("list", "--record", file).status == 0)
    return file
  }

  @Test(arguments: readers)
  func filesThatAreNotRegularAreRefused(reader: [String]) throws {
    #expect(mkfifo(directory.path + "/fifo", 0o600) == 0)
    for (file, kind) in [
      ("/dev/zero", "a character device"), ("/dev/tty", "a character device"),
      (directory.path + "/fifo", "a FIFO"), (directory.path, "a directory"),
    ] {
      let ended = try namespace.connreap(reader + [file])
      #expect(ended.status == 65, "\(file): \(ended.errorText)")
      #expect(ended.errorText.contains("\(file) is \(kind), not a regular file"))
    }
  }

  /// A FIFO is refused without opening it, because opening it would unblock its writers.
  @Test func refusedFIFOsKeepTheirWriters() throws {
    let fifo = directory.path + "/fifo"
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
  func pipesAreRead(script: String) throws {
    let ended = try Command.run([
      "bash", "-c", script, Tools.connreap, try recording(),
    ])
    #expect(ended.status == 0, "\(ended.errorText)")
  }

  @Test func plansCanBeReadFromStandardInput() throws {
    let listener = try namespace.server.listen("listener", port: 8080)
    _ = try namespace.closeWaits(1, to: listener)
    let script = """
      "$0" kill --state close-wait --dry-run -o json | "$0" kill --plan - --yes --state-dir "$1"
      """
    let ended = try Command.run(
      namespace.entering + ["bash", "-c", script, Tools.connreap, namespace.state.path])
    #expect(ended.status == 0, "\(ended.errorText)")
    #expect(try namespace.rows(["--state", "close-wait"]).isEmpty)
  }

  @Test(arguments: readers)
  func endlessPipesAreRefusedAtTheirStart(reader: [String]) throws {
    let script = "cat /dev/zero | (ulimit -v 4000000; exec \"$0\" \"$@\" -)"
    let ended = try Command.run(["bash", "-c", script, Tools.connreap] + reader)
    #expect(ended.status == 65, "\(ended.errorText)")
  }

  @Test(arguments: readers)
  func filesOverTheSizeLimitAreRefused(reader: [String]) throws {
    let file = try directory.write("large", "")
    #expect(truncate(file, 1 << 40) == 0)
    let ended = try namespace.connreap(reader + [file])
    #expect(ended.status == 65)
    #expect(ended.errorText.contains("\(file) is larger than 2 GiB"), "\(ended.errorText)")
  }

  @Test func rootFollowsOnlyItsOwnLinks() throws {
    let file = try recording()
    let link = directory.path + "/link"
    #expect(symlink("recording", link) == 0)
    #expect(symlink("link", directory.path + "/second") == 0)
    #expect(try namespace.connreap("list", "--replay", link).status == 0)
    #expect(try namespace.connreap("list", "--replay", directory.path + "/second").status == 0)
    #expect(lchown(link, 12345, 12345) == 0)
    for name in ["link", "second"] {
      let ended = try namespace.connreap("list", "--replay", "\(directory.path)/\(name)")
      #expect(ended.status == 65)
      #expect(ended.errorText.contains("\(link) is a symbolic link owned by uid 12345"))
    }
    #expect(chmod(directory.path, 0o755) == 0 && chmod(file, 0o644) == 0)
    let unprivileged = try Command.run([
      "setpriv", "--reuid", "54321", "--clear-groups", "--", Tools.connreap, "list", "--replay",
      link,
    ])
    #expect(unprivileged.status == 0, "unprivileged users follow links: \(unprivileged.errorText)")
    #expect(symlink("loop", directory.path + "/loop") == 0)
    #expect(try namespace.connreap("list", "--replay", directory.path + "/loop").status == 65)
  }
}
