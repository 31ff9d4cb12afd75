import FoundationEssentials
import Testing

/// The JSON of every command says when and where it was made.
@Suite(.waitsForPrograms, .needsNamespaces) struct JSONOriginTests {
  private struct Origin: Decodable {
    let time: String?
    let host: String?
  }

  let namespace: NetworkNamespace

  init() throws {
    namespace = try NetworkNamespace()
    let listener = try namespace.server.listen("listener", port: 8080)
    _ = try namespace.closeWaits(2, to: listener)
  }

  private func origin(_ words: [String]) throws -> Origin {
    let ended = try namespace.connreap(words + ["-o", "json"], seconds: 60)
    let start = try #require(
      String(decoding: ended.output.prefix(2), as: UTF8.self) == "{\"" ? ended.output : nil,
      "\(words): \(ended.errorText)")
    return try JSONDecoder().decode(Origin.self, from: Data(start))
  }

  @Test(.needsDestroy) func everyDocumentHasTimeAndHost() throws {
    let policy = try namespace.state.write(
      "leaks.yaml",
      """
      version: 1
      policies:
        - name: leaks
          match: {state: close-wait}
          threshold: 1
          action: report
      """)
    let state = ["--state-dir", namespace.state.path]
    let host = try Command.run(["uname", "-n"]).text.filter { $0 != "\n" }
    let commands = [
      ["leaks"] + state, ["list"], ["list", "--explain"], ["stats"], ["stats", "--by", "process"],
      ["listeners"], ["doctor"] + state, ["kill", "-n", "--state", "close-wait"] + state,
      ["policy", "plan", policy] + state, ["policy", "apply", policy] + state,
      ["kill", "--yes", "--state", "close-wait", "--local-port", "8080"] + state, ["log"] + state,
    ]
    for words in commands {
      let origin = try origin(words)
      #expect(origin.host == host, "\(words)")
      #expect(
        origin.time?.contains(#/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/#) == true, "\(words)")
    }
  }

  /// A recording has the time and the host at which it was made.
  @Test func recordingsKeepTheirOrigin() throws {
    let file = namespace.state.path + "/machine.rec"
    _ = try namespace.connreap("list", "--state", "all", "--record", file)
    let recorded = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
    let time = try #require(recorded.first { $0.hasPrefix("! time ") }?.dropFirst(7))
    for words in [["list"], ["stats"], ["listeners"], ["leaks"]] {
      let origin = try origin(words + ["--replay", file])
      #expect(origin.time == String(time) && origin.host?.isEmpty == false, "\(words)")
    }
    // A raw dump or an older recording has neither: unknown, not now.
    let anonymous = recorded.filter { !$0.hasPrefix("! time ") && !$0.hasPrefix("! host ") }
    let old = try namespace.state.write("old.rec", anonymous.joined(separator: "\n") + "\n")
    let origin = try origin(["list", "--replay", old])
    #expect(origin.time == nil && origin.host == nil)
  }
}
