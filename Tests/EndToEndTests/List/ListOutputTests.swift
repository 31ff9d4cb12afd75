import FoundationEssentials
import Testing

/// The formats, for eyes and for programs.
@Suite(.waitsForPrograms, .needsNamespaces) struct ListOutputTests {
  /// ESC, newline, quote, comma and an octet that is no UTF-8: 11 of the 15 that a name may have.
  static let hostileName: [UInt8] = Array("e\u{1b}[2J\n\",x".utf8) + [0xff, 0x9b]

  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  /// Three idle connections, with 1, 2 and 3 octets to be read at the server's end.
  private func scene() throws -> [Socket] {
    let listener = try namespace.server.listen("listener", port: 8080)
    return try (1...3).map { number in
      let pair = try namespace.pair(to: listener, as: "\(number)")
      _ = try pair.client.send(String(repeating: "x", count: number))
      return pair.server
    }
  }

  @Test func theTableHasAHeaderARowAConnectionAndASummary() throws {
    _ = try scene()
    let ended = try namespace.connreap("list", "--local-port", "8080")
    #expect(ended.status == 0)
    let header = try #require(ended.lines.first)
    for column in ["STATE", "LOCAL", "PEER", "IDLE", "RECV-Q", "SEND-Q", "PROCESS"] {
      #expect(header.contains(column))
    }
    #expect(ended.lines.filter { $0.hasPrefix("ESTAB") }.count == 3)
    #expect(!ended.text.contains("\u{1b}"), "a pipe gets no colours")
    #expect(ended.errorText.isEmpty, "and nothing that cron would mail")
  }

  @Test func onATerminalTheTableFitsAndEndsWithASummary() throws {
    _ = try scene()
    try namespace.server.rename("long-named-prog")
    let command = "stty cols 52; \(Tools.connreapWord) list --local-port 8080"
    let ended = try Command.run(
      namespace.entering + ["script", "-qec", command, "/dev/null"],
      environment: ["TERM": "xterm", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
    let lines = ended.terminalLines
    #expect(lines.last == "3 connections, held by 1 process")
    let plain = lines.map { $0.replacing(/\x1b\[[0-9;]*m/, with: "") }
    #expect(plain.filter { $0.count > 52 } == [])
    let owner = "[\(namespace.server.pid)]"
    #expect(plain.dropFirst().dropLast().allSatisfy { $0.contains(owner) }, "a pid is never cut")
    #expect(plain.contains { $0.contains("…") || $0.hasSuffix(owner) }, "what is too long is cut")
    #expect(lines.first?.contains("\u{1b}[1m") == true, "a terminal gets colours")
  }

  @Test func theSummarySaysOfHowManyWhereTheKernelListedThemAll() throws {
    _ = try scene()
    let command = "\(Tools.connreapWord) list --user 65533"
    let ended = try Command.run(namespace.entering + ["script", "-qec", command, "/dev/null"])
    let lines = ended.terminalLines
    #expect(lines.last == "0 of 6 connections")
  }

  @Test func theHeaderCanBeLeftOut() throws {
    _ = try scene()
    let ended = try namespace.connreap("list", "--local-port", "8080", "--no-header")
    #expect(!ended.text.contains("STATE"))
    #expect(ended.lines.filter { $0.hasPrefix("ESTAB") }.count == 3)
  }

  @Test func colourComesWhenAskedForUnlessTheUserHasSaidNo() throws {
    _ = try scene()
    #expect(try namespace.connreap("list", "--color", "always").text.contains("\u{1b}["))
    let asked = try namespace.connreap(["list"], environment: ["NO_COLOR": "1"])
    #expect(!asked.text.contains("\u{1b}"))
  }

  @Test func columnsAreThoseAskedForInTheirOrder() throws {
    _ = try scene()
    let ended = try namespace.connreap(
      "list", "--local-port", "8080", "--columns", "recv-queue,state", "-o", "csv")
    let records = try csv(ended)
    #expect(records.allSatisfy { $0.count == 2 })
    #expect(records.first == ["recv_queue", "state"])
    #expect(Set(records.dropFirst().map { $0[0] }) == ["1", "2", "3"])
    #expect(try namespace.connreap("list", "--columns", "no-such").status == 64)
  }

  @Test func rowsAreSortedAndLimited() throws {
    let sockets = try scene().map(\.cookie)
    let options = ["--local-port", "8080", "--sort"]
    #expect(try namespace.rows(options + ["recv-queue"]).map(\.cookie) == sockets)
    #expect(try namespace.rows(options + ["recv-queue:desc"]).map(\.cookie) == sockets.reversed())
    #expect(try namespace.rows(options + ["recv-q"]).map(\.cookie) == sockets, "as ss prints it")
    let first = try namespace.rows(options + ["recv-queue:desc", "--limit", "1"])
    #expect(first.map(\.cookie) == [sockets[2]])
    #expect(try namespace.connreap("list", "--sort", "no-such").status == 64)
  }

  @Test func jsonHoldsTheConnectionsAndASummary() throws {
    let sockets = try scene()
    let rows = try namespace.rows("--local-port", "8080")
    #expect(Set(rows.map(\.cookie)) == Set(sockets.map(\.cookie)))
    #expect(Set(rows.map(\.receiveQueue)) == [1, 2, 3])
    #expect(rows.allSatisfy { $0.timer == nil && $0.uid == 0 })
    #expect(try namespace.connreap("list", "-o", "json").text.contains("\"summary\""))
  }

  @Test func jsonOfNothingIsAnEmptyList() throws {
    #expect(try namespace.rows().isEmpty)
  }

  @Test func jsonlHoldsAConnectionALine() throws {
    let sockets = try scene()
    let ended = try namespace.connreap("list", "--local-port", "8080", "-o", "jsonl")
    #expect(ended.status == 0)
    let rows = try ended.lines.map { try Row(line: $0) }
    #expect(Set(rows.map(\.cookie)) == Set(sockets.map(\.cookie)))
  }

  @Test func csvHasAHeaderAndRecordsOfOneLength() throws {
    _ = try scene()
    let records = try csv(try namespace.connreap("list", "--local-port", "8080", "-o", "csv"))
    #expect(records.count == 4)
    #expect(Set(records.map(\.count)).count == 1)
    #expect(records.first?.contains("state") == true)
    let bare = try namespace.connreap("list", "--port", "8080", "-o", "csv", "--no-header")
    #expect(try csv(bare).count == 6)
  }

  /// Addresses, ports, processes, pids and descriptors have columns of their own.
  @Test func csvSeparatesWhatATableJoins() throws {
    let server = try #require(try scene().first)
    try namespace.server.rename("app")
    let records = try csv(try namespace.connreap("list", "--local-port", "8080", "-o", "csv"))
    let names = try #require(records.first)
    let record = try #require(records.first { $0.contains(server.cookie) })
    let row = Dictionary(uniqueKeysWithValues: zip(names, record))
    #expect(row["local_address"] == "127.0.0.1" && row["local_port"] == "8080")
    #expect(row["peer_address"] == "127.0.0.1" && row["peer_port"].flatMap { UInt16($0) } != nil)
    #expect(row["process"] == "app" && row["pid"] == "\(namespace.server.pid)")
    #expect(row["fds"] == "\(server.fd)" && row["recv_queue"] == "1")
    #expect(row["local"] == nil && row["peer"] == nil)
  }

  @Test func jsonTellsWhenAndWhereItWasMade() throws {
    let ended = try namespace.connreap("list", "-o", "json")
    struct Origin: Decodable {
      let time: String
      let host: String
    }
    let origin = try JSONDecoder().decode(Origin.self, from: Data(ended.output))
    #expect(origin.time.contains(#/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/#))
    #expect(try Command.run(["uname", "-n"]).text == origin.host + "\n")
  }

  /// `COLUMNS` fits a table in a pipe too; a table in a pipe without it is whole.
  @Test func aPipeIsFittedToCOLUMNS() throws {
    _ = try scene()
    try namespace.server.rename("long-named-prog")
    for columns in [60, 80, 120] {
      let ended = try namespace.connreap(["list"], environment: ["COLUMNS": "\(columns)"])
      let widest = ended.lines.map { $0.unicodeScalars.count }.max() ?? 0
      #expect(widest <= columns && widest > 50, "\(ended.text)")
      #expect(ended.errors.isEmpty && !ended.text.contains("\u{1b}"), "it is still a pipe")
    }
    let whole = try namespace.connreap("list")
    for text in ["", "0", "x", "-5"] {
      #expect(
        try namespace.connreap(["list"], environment: ["COLUMNS": text]).lines.count
          == whole.lines.count)
      #expect(whole.text.contains("127.0.0.1:8080"))
    }
  }

  /// Each criterion of a selection is a column.
  @Test(arguments: [
    (["--stalled", "1ms"], "STALLED"), (["--user", "0"], "USER"), (["--cgroup", "/"], "CGROUP"),
    (["--mark", "0"], "MARK"), (["not mark = 7"], "MARK"), (["user = 0 or unit = x"], "UNIT"),
    (["not interface = lo"], "INTERFACE"), (["not container = x"], "CONTAINER"),
  ])
  func criteriaAreColumns(selection: [String], column: String) throws {
    let listener = try namespace.server.listen("listener", port: 8080)
    let pair = try namespace.pair(to: listener, as: "pair")
    // Data that nobody acknowledges makes the connection stalled.
    _ = try namespace.server.run(["ip", "link", "set", "lo", "down"])
    _ = try pair.client.send("x")
    let plain = try #require(try namespace.connreap("list").lines.first)
    #expect(!plain.contains(column))
    for columns in ["", "80"] {
      let ended = try namespace.connreap(["list"] + selection, environment: ["COLUMNS": columns])
      let heading = try #require(ended.lines.first, "\(ended.errorText)")
      #expect(heading.split(separator: " ").contains { $0 == column }, "\(heading)")
    }
  }

  @Test func wideSaysMoreThanTable() throws {
    _ = try scene()
    let table = try #require(try namespace.connreap("list").lines.first)
    let wide = try #require(try namespace.connreap("list", "-o", "wide").lines.first)
    #expect(wide.split(separator: " ").count > table.split(separator: " ").count)
  }

  @Test(arguments: ["table", "wide", "json", "jsonl", "csv"])
  func aHostileNameCannotBreakTheOutput(format: String) throws {
    _ = try scene()
    let before = try namespace.connreap("list", "-o", format)
    try namespace.server.rename(Self.hostileName)
    let ended = try namespace.connreap("list", "-o", format)
    #expect(ended.status == 0)
    #expect(ended.lines.count == before.lines.count)
    #expect(ended.text.contains("\(namespace.server.pid)"), "the owner is shown")
    let controls = ended.text.unicodeScalars.filter {
      $0.properties.generalCategory == .control && $0 != "\n" && $0 != "\r"
    }
    #expect(controls.isEmpty)
    #expect(String(validating: ended.output, as: UTF8.self) != nil)
    switch format {
    case "json": #expect(try Listing(ended).connections.count == 6)
    case "jsonl": for line in ended.lines { _ = try Row(line: line) }
    case "csv": #expect(Set(try csv(ended).map(\.count)).count == 1)
    default: break
    }
  }

  @Test func linesOfCSVEndInLF() throws {
    _ = try scene()
    for command in [["list"], ["stats"], ["stats", "--by", "process"]] {
      let ended = try namespace.connreap(command + ["-o", "csv"])
      #expect(ended.status == 0 && ended.output.contains(10), "\(command)")
      #expect(!ended.output.contains(13), "\(command)")
    }
  }

  @Test(arguments: ["=cmd|calc!A1", "+cmd|calc!A1", "-1+cmd|calc!A1", "@SUM(1,2)"])
  func theNameOfAProcessStartsNoFormula(name: String) throws {
    _ = try scene()
    try namespace.server.rename(name)
    let list = try csv(
      try namespace.connreap("list", "--local-port", "8080", "--columns", "process", "-o", "csv"))
    #expect(list.dropFirst().allSatisfy { $0[0] == "'\(name)" } && list.count == 4)
    let stats = try csv(try namespace.connreap("stats", "--by", "process", "-o", "csv"))
    #expect(stats.contains { $0.contains("'\(name)") })
    #expect(!stats.joined().contains { $0.hasPrefix(name) })
  }

  /// Records as Python's csv module reads them, which is no kin of the writer.
  private func csv(_ ended: CommandResult) throws -> [[String]] {
    #expect(ended.status == 0, "\(ended.errorText)")
    let script = """
      import csv, sys
      for record in csv.reader(sys.stdin, strict=True): print("\\x1f".join(record))
      """
    let read = try Command.run([Tools.python, "-c", script], input: ended.text)
    #expect(read.status == 0, "\(read.errorText)")
    return read.lines.map { line in
      line.split(separator: "\u{1f}", omittingEmptySubsequences: false).map(String.init)
    }
  }
}
