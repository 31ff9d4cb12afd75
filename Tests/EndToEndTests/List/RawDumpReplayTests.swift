import FoundationEssentials
import Testing

/// `--replay` of what `ss -D` wrote.
@Suite(.waitsForPrograms, .needsNamespaces) struct RawDumpReplayTests {
  let namespace: NetworkNamespace
  let folder: TemporaryDirectory

  init() throws {
    namespace = try NetworkNamespace()
    folder = try TemporaryDirectory()
  }

  private func dump(_ options: String...) throws -> String {
    let file = folder.path + "/ss.dump"
    let ended = try Command.run(namespace.entering + ["ss", "-t", "-a"] + options + ["-D", file])
    #expect(ended.status == 0)
    return file
  }

  private func replay(_ arguments: String...) throws -> CommandResult {
    try Command.run([Tools.connreap, "list", "-o", "json"] + arguments)
  }

  @Test func connectionsOfBothFamiliesAreListed() throws {
    let four = try namespace.pair(port: 8080)
    let six = try namespace.pair(port: 8081, address: "::1", as: "six")
    let file = try dump()
    let rows = try Listing(replay("--replay", file)).connections
    #expect(
      Set(rows.map(\.cookie))
        == Set([four.client, four.server, six.client, six.server].map(\.cookie)))
    #expect(rows.allSatisfy { $0.owners?.isEmpty != false && $0.netns == nil })
    let listeners = try Listing(replay("--replay", file, "--state", "listen", "-6")).connections
    #expect(listeners.map(\.cookie) == [six.listener.cookie])
  }

  @Test func itsFiguresAreReadWhereItHasThem() throws {
    let pair = try namespace.pair(port: 8080)
    let rows = try Listing(replay("--replay", try dump("-i"))).connections
    #expect(rows.first { $0.cookie == pair.server.cookie }?.idle != nil)
  }

  @Test func aFileThatIsCutOffIsRefused() throws {
    _ = try namespace.pair(port: 8080)
    let file = try dump()
    let bytes = try Data(contentsOf: URL(filePath: file))
    // Both families end with a message of 20 octets, and no IPv6 socket comes before the second.
    for length in [bytes.count - 40, bytes.count - 21, 100, 20] {
      try bytes.prefix(length).write(to: URL(filePath: file))
      let ended = try replay("--replay", file)
      #expect(ended.status == 65)
      #expect(ended.errorText.contains("truncated"))
      #expect(ended.output.isEmpty)
    }
  }
}
