import FoundationEssentials
import Testing

/// The state directory on a disk that is full.
@Suite(.waitsForPrograms, .needsNamespaces) struct FullDiskTests {
  let namespace: NetworkNamespace
  let folder: TemporaryFolder

  init() throws {
    namespace = try NetworkNamespace()
    folder = try TemporaryFolder()
    _ = try folder.write(
      "policy.yaml",
      """
      version: 1
      policies:
        - {name: a, match: {state: close-wait}, in-state: 30d, action: report}

      """)
  }

  /// Runs a script in a mount namespace in which `state` is a disk of 64 pages, of which `room` are
  /// free. `run` applies a policy and prints the exit code; `free` makes room.
  private func onFullDisk(room: Int, _ script: String) throws -> [Substring] {
    let ended = try Command.run(
      namespace.entering + [
        "unshare", "--mount", "--propagation", "private", "bash", "-c",
        """
        cd "$1" && mkdir state
        mount -t tmpfs -o mode=700,size=$((64 * 4096)) none state
        head -c $(((64 - $2) * 4096)) /dev/zero > state/fill
        run() { "$connreap" policy apply policy.yaml --state-dir "$PWD/state" 2>&1; echo "exit $?"; }
        connreap=$0
        free() { rm state/fill; }
        \(script)
        """, Tools.connreap, folder.path, "\(room)",
      ], seconds: 120)
    return ended.lines
  }

  @Test(arguments: [0, 1, 2, 3, 5, 8])
  func aFirstRunSaysSoAndLeavesNothingInTheWay(room: Int) throws {
    let lines = try onFullDisk(room: room, "run; run; free; run; ls state")
    let text = lines.joined(separator: "\n")
    #expect(lines.filter { $0.hasPrefix("exit ") } == ["exit 1", "exit 1", "exit 0"], "\(text)")
    #expect(text.lowercased().contains("no space left on"), "\(text)")
    #expect(!text.contains("SQLite") && !text.contains("another program"), "\(text)")
    #expect(!text.contains("damaged") && !text.contains("connreap.db."), "\(text)")
  }

  @Test func aLaterRunSaysSoToo() throws {
    let lines = try onFullDisk(
      room: 60, "run; cat /dev/zero >> state/fill 2>/dev/null; run; free; run; ls state")
    let text = lines.joined(separator: "\n")
    #expect(lines.filter { $0.hasPrefix("exit ") } == ["exit 0", "exit 1", "exit 0"], "\(text)")
    #expect(text.lowercased().contains("no space left on"), "\(text)")
    #expect(!text.contains("SQLite") && !text.contains("connreap.db."), "\(text)")
  }

  /// EIO is no full disk, and is not called one.
  @Test(.needsTracing) func anotherFaultOfTheDiskKeepsItsName() throws {
    let lines = try onFullDisk(
      room: 60,
      """
      strace -f -qq -o /dev/null -e trace=pwrite64 -e inject=pwrite64:error=EIO \
        "$connreap" policy apply policy.yaml --state-dir "$PWD/state" 2>&1; echo "exit $?"
      free; run; ls state
      """)
    let text = lines.joined(separator: "\n")
    #expect(lines.filter { $0.hasPrefix("exit ") } == ["exit 1", "exit 0"], "\(text)")
    #expect(!text.lowercased().contains("no space") && !text.contains("connreap.db."), "\(text)")
  }
}
