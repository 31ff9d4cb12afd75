import FoundationEssentials
import Testing

/// `list --explain`: what the kernel judges, what is left, and what is read. It lists nothing.
@Suite struct ListExplainTests {
  private struct Explanation: Decodable {
    struct Dump: Decodable {
      let family: String
      let asked: Bool
      let states: [String]
      let condition: String?
      let instructions: Int
      let bytes: Int
    }
    struct Reads: Decodable, Equatable {
      let figures: Bool
      let congestion: Bool
      let owners: Bool
      private enum CodingKeys: String, CodingKey {
        case congestion, owners
        case figures = "tcp_info"
      }
    }
    let kernel: [Dump]
    let remainder: [String]
    let reads: Reads
    private enum CodingKeys: String, CodingKey {
      case kernel, reads
      case remainder = "user_space"
    }
  }

  private func explain(_ arguments: String...) throws -> CommandResult {
    try Command.run([Tools.connreap, "list", "--explain"] + arguments)
  }

  @Test func textNamesTheKernelsPartAndTheRest() throws {
    let ended = try explain(
      "--state", "close-wait", "--port", "8080", "--process", "ja*", "--idle", "1h", "-4",
      "--columns", "local,peer")
    #expect(ended.status == 0)
    #expect(ended.errors.isEmpty)
    #expect(
      ended.text == """
        kernel, ipv4  state close-wait
                      local-port 8080 or peer-port 8080
                      bytecode: 3 instructions, 20 bytes
        kernel, ipv6  not queried: no match possible
        user space    state = close-wait
                      family = ipv4
                      port = 8080
                      idle >= 1h
                      process = ja*
        tcp_info      read
        owners        read

        """)
  }

  @Test func jsonSaysTheSame() throws {
    let ended = try explain("-o", "json", "--state", "listen", "--local-port", "1-9", "-6")
    let explanation = try JSONDecoder().decode(Explanation.self, from: Data(ended.output))
    #expect(explanation.kernel.map(\.family) == ["ipv4", "ipv6"])
    #expect(explanation.kernel.map(\.asked) == [false, true])
    let dump = try #require(explanation.kernel.last)
    #expect(dump.states == ["listen"])
    #expect(dump.condition == "local-port 1-9")
    #expect(dump.instructions == 2 && dump.bytes == 16)
    #expect(explanation.remainder == ["state = listen", "family = ipv6", "local-port = 1-9"])
  }

  @Test func whatIsReadDependsOnTermsAndColumns() throws {
    func reads(_ arguments: String...) throws -> [Bool] {
      let ended = try Command.run(
        [Tools.connreap, "list", "--explain", "--sort", "local", "-o", "table"] + arguments)
      return ["tcp_info", "owners"].map { name in
        ended.lines.contains { $0.hasPrefix(name) && !$0.hasSuffix("not read") }
      }
    }
    #expect(try reads("--columns", "local,peer") == [false, false])
    #expect(try reads("--columns", "local,idle") == [true, false])
    #expect(try reads("--columns", "local", "--idle", "1s") == [true, false])
    #expect(try reads("--columns", "local", "--pid", "1") == [false, true])
  }

  @Test func itWritesNoRecording() throws {
    #expect(try explain("--record", "/dev/null").status == 64)
  }
}

/// The summary counts what it knows.
@Suite(.waitsForPrograms, .needsNamespaces) struct ListPruningTests {
  @Test func whatTheKernelLeftOutIsNotCounted() throws {
    let namespace = try NetworkNamespace()
    let listener = try namespace.server.listen("listener", port: 8080)
    try namespace.server.connectPairs(3, as: "pairs", to: listener)
    func listed(_ arguments: String...) throws -> Int? {
      struct Summary: Decodable {
        struct Counts: Decodable { let listed: Int? }
        let summary: Counts
      }
      let ended = try namespace.connreap(["list", "-o", "json"] + arguments)
      return try JSONDecoder().decode(Summary.self, from: Data(ended.output)).summary.listed
    }
    #expect(try listed() == 6)
    #expect(try listed("--user", "0") == 6)
    #expect(try listed("--local-port", "8080") == nil)
    #expect(try namespace.rows("--local-port", "8080").count == 3)
    let dry = try namespace.kill("--dry-run", "--local-port", "8080")
    #expect(dry.text.hasPrefix("3 connections would be closed"))
  }
}
