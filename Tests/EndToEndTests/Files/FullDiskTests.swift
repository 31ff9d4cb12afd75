import FoundationEssentials
import Testing

/// A state directory on a full disk.
@Suite(.waitsForPrograms, .needsNamespaces) struct FullDiskTests {
  let namespace: NetworkNamespace
  let directory: TemporaryDirectory

  init() throws {
    namespace = try NetworkNamespace()
    directory = try TemporaryDirectory()
    _ = try directory.write(
      "policy.yaml",
      """
      version: 1
      policies:
        - {name: a, match: {state: close-wait}, in-state: 30d, action: report}

      """)
  }

  /// Runs a script with `state` on a disk of 64 pages, with `freePages` free.
  ///
  /// In the script, `run` applies a policy and prints the exit code. `free` frees the other pages.
  private func onFullDisk(freePages: Int, _ script: String) throws -> [Substring] {
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
        """, Tools.connreap, directory.path, "\(freePages)",
      ], seconds: 120)
    return ended.lines
  }

  @Test(arguments: [0, 1, 2, 3, 5, 8])
  func firstRunsReportAFullDiskAndDoNotBlockLaterRuns(freePages: Int) throws {
    let lines = try onFullDisk(freePages: freePages, "run; run; free; run; ls state")
    let text = lines.joined(separator: "\n")
    #expect(lines.filter { $0.hasPrefix("exit ") } == ["exit 1", "exit 1", "exit 0"], "\(text)")
    #expect(text.lowercased().contains("no space left on"), "\(text)")
    #expect(!text.contains("SQLite") && !text.contains("another program"), "\(text)")
    #expect(!text.contains("damaged") && !text.contains("connreap.db."), "\(text)")
  }

  @Test func laterRunsReportAFullDisk() throws {
    let lines = try onFullDisk(
      freePages: 60, "run; cat /dev/zero >> state/fill 2>/dev/null; run; free; run; ls state")
    let text = lines.joined(separator: "\n")
    #expect(lines.filter { $0.hasPrefix("exit ") } == ["exit 0", "exit 1", "exit 0"], "\(text)")
    #expect(text.lowercased().contains("no space left on"), "\(text)")
    #expect(!text.contains("SQLite") && !text.contains("connreap.db."), "\(text)")
  }

  /// EIO must not be reported as a full disk.
  @Test(.needsTracing) func otherDiskErrorsAreNotReportedAsFull() throws {
    let lines = try onFullDisk(
      freePages: 60,
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
