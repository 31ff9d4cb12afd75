import Testing

/// Arguments come from the C `main`, even without `/proc` or if a library changes the environment.
@Suite struct ArgumentTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// Commands with their exit codes and parts of their output.
  private static let commands: [([String], Int32, String)] = [
    (["policy", "apply", "--quiet", "/nonexistent.yaml"], 65, "/nonexistent.yaml"),
    (["no-such-command"], 64, "no-such-command"), (["kill"], 64, "--all"),
    (["--version"], 0, "."), (["list", "--port", "a b"], 64, "a b"),
  ]

  private func check(behind prefix: [String], environment: [String: String] = [:]) throws {
    for (words, status, text) in Self.commands {
      let ended = try Command.run(
        prefix + [Tools.connreap] + words, environment: environment)
      #expect(ended.status == status, "\(words): \(ended.errorText)")
      #expect((ended.text + ended.errorText).contains(text))
      #expect(!(ended.text + ended.errorText).contains("OVERVIEW"), "\(words): help is printed")
    }
  }

  @Test func argumentsAreReadWithProc() throws { try check(behind: []) }

  @Test(.needsNamespaces) func argumentsAreReadWithoutProc() throws {
    try check(behind: hidingProc)
  }

  private var hidingProc: [String] {
    [
      "unshare", "--mount", "--propagation", "private", "sh", "-c",
      "mount -t tmpfs tmpfs /proc && exec \"$@\"", "sh",
    ]
  }

  /// Compiles a library that sets an environment variable when loaded, as preloaded agents do.
  private func library() throws -> String {
    let source = try directory.write(
      "preload.c",
      """
      #include <stdlib.h>
      __attribute__((constructor)) static void loaded(void) { setenv("AGENT_LOADED", "1", 1); }

      """)
    let library = directory.path + "/preload.so"
    let made = try Command.run(["cc", "-shared", "-fPIC", "-o", library, source])
    try #require(made.status == 0, "\(made.errorText)")
    return library
  }

  @Test(.needs("cc")) func argumentsAreReadIfALibrarySetsTheEnvironment() throws {
    try check(behind: [], environment: ["LD_PRELOAD": try library()])
  }

  @Test(.needs("cc"), .needsNamespaces) func argumentsAreReadInBothCases() throws {
    try check(behind: hidingProc, environment: ["LD_PRELOAD": try library()])
  }

  /// Starts connreap with an argument vector that a shell cannot pass.
  private func start(withVector vector: String) throws -> CommandResult {
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
  func emptyArgumentVectorsAreErrors(vector: String) throws {
    let ended = try start(withVector: vector)
    #expect(ended.status == 1)
    #expect(ended.text.isEmpty)
    #expect(ended.errorText.hasPrefix("connreap: started without arguments"))
  }

  @Test func programNameAlonePrintsHelp() throws {
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
  func invalidUTF8IsRefused(vector: String, message: String) throws {
    let ended = try start(withVector: vector)
    #expect(ended.status == 64)
    #expect(ended.errorText.contains(message), "\(ended.errorText)")
  }
}
