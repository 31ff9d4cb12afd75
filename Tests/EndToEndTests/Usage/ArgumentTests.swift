import Testing

/// The arguments are those of the C `main`, whatever the C library or `/proc` has to tell.
@Suite struct ArgumentTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Commands, what they exit with, and a part of what they print.
  private static let commands: [([String], Int32, String)] = [
    (["policy", "apply", "--quiet", "/nonexistent.yaml"], 65, "/nonexistent.yaml"),
    (["no-such-command"], 64, "no-such-command"), (["kill"], 64, "--all"),
    (["--version"], 0, "."), (["list", "--port", "a b"], 64, "a b"),
  ]

  private func check(behind prefix: [String], environment: [String: String] = [:]) throws {
    for (words, status, text) in Self.commands {
      let ended = try Command.run(
        prefix + [Tools.connreap] + words, environment: environment)
      #expect(ended.status == status, "\(words): \(ended.complaints)")
      #expect((ended.text + ended.complaints).contains(text))
      #expect(!(ended.text + ended.complaints).contains("OVERVIEW"), "\(words): no help")
    }
  }

  @Test func asUsual() throws { try check(behind: []) }

  @Test(.needsNamespaces) func withoutProc() throws {
    try check(behind: hidingProc)
  }

  private var hidingProc: [String] {
    [
      "unshare", "--mount", "--propagation", "private", "sh", "-c",
      "mount -t tmpfs tmpfs /proc && exec \"$@\"", "sh",
    ]
  }

  /// A library that sets the environment while it is loaded, as agents that are preloaded do.
  private func library() throws -> String {
    let source = try folder.write(
      "preload.c",
      """
      #include <stdlib.h>
      __attribute__((constructor)) static void loaded(void) { setenv("AGENT_LOADED", "1", 1); }

      """)
    let library = folder.path + "/preload.so"
    let made = try Command.run(["cc", "-shared", "-fPIC", "-o", library, source])
    try #require(made.status == 0, "\(made.complaints)")
    return library
  }

  @Test(.needs("cc")) func withALibraryThatSetsTheEnvironment() throws {
    try check(behind: [], environment: ["LD_PRELOAD": try library()])
  }

  @Test(.needs("cc"), .needsNamespaces) func withBoth() throws {
    try check(behind: hidingProc, environment: ["LD_PRELOAD": try library()])
  }

  /// Starts the tool with a vector that no shell can make.
  private func start(withVector vector: String) throws -> Ended {
    let script = """
      import ctypes, sys
      vector = \(vector)
      words = (ctypes.c_char_p * (len(vector) + 1))(*vector, None)
      none = (ctypes.c_char_p * 1)(None)
      ctypes.CDLL(None).execve(sys.argv[1].encode(), words, none)
      """
    return try Command.run([Tools.python, "-c", script, Tools.connreap])
  }

  @Test(arguments: ["[]", "[b'']", "[b'', b'list']"])
  func anEmptyVectorIsAnErrorAndNoHelp(vector: String) throws {
    let ended = try start(withVector: vector)
    #expect(ended.status == 1)
    #expect(ended.text.isEmpty)
    #expect(ended.complaints.hasPrefix("connreap: it was started without arguments"))
  }

  @Test func theNameAloneAsksForHelp() throws {
    let ended = try start(withVector: "[b'anything']")
    #expect(ended.status == 0)
    #expect(ended.text.contains("OVERVIEW"))
  }

  @Test(arguments: [
    ("[b'c', b'list', b'--netns', b'caf\\xe9']", "argument 3 is not valid UTF-8: \"caf\\xe9\""),
    (
      "[b'c', b'\\xff\\xfe\\x1b[2J', b'list']",
      "argument 1 is not valid UTF-8: \"\\xff\\xfe\\x1b[2J\""
    ),
    ("[b'c', b'kill', b'--all', b'--yes', b'\\xc3']", "argument 4 is not valid UTF-8"),
  ])
  func whatIsNoTextIsRefused(vector: String, message: String) throws {
    let ended = try start(withVector: vector)
    #expect(ended.status == 64)
    #expect(ended.complaints.contains(message), "\(ended.complaints)")
  }
}
