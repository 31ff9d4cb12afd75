import Connections
import PresentationTestSupport
import Scanning
import Selection
import TestSupport
import Testing

@testable import Presentation
@testable import Rendering

/// Tables of connections: which columns, and what is shortened first.
@Suite struct ConnectionTableTests {
  /// A listener, connections that it accepted, and one to a peer with a long address.
  private func snapshot() throws -> Snapshot {
    let scene = StatsScene([
      FakeSocket(cookie: 1, inode: 11) {
        $0.state = 10
        $0.local = [0, 0, 0, 0]
        $0.localPort = 8080
      },
      FakeSocket(cookie: 2, inode: 12) {
        $0.state = 8
        $0.localPort = 8080
        $0.peerPort = 51_690
        $0.receiveQueue = 1
      },
      FakeSocket(cookie: 3, inode: 13) {
        $0.localPort = 99
        $0.peerPort = 443
      },
    ])
    scene.tree.process(1744, name: "java", links: [3: "socket:[12]", 4: "socket:[13]"])
    let scanner = Scanner(processes: scene.tree.files, threads: 1) { scene.kernel.open() }
    return try scanner.scan(
      ScanRequest(
        .term(.states(.shownByDefault)), reading: [.figures, .ownerNames, .listeners]),
      at: .unknown)
  }

  private func lines(
    width: Int?, criteria: [ConnectionColumn] = [], columns: [ConnectionColumn]? = nil,
    format: OutputFormat = .table
  ) throws -> [String] {
    let snapshot = try snapshot()
    let list = ConnectionList(
      connections: OrderedConnections(
        rows: snapshot.connections, places: snapshot.connections.indices.map(UInt32.init)[...]),
      text: ConnectionText(snapshot: snapshot, names: SystemNumbers(resolvesNames: false)),
      columns: columns, criteria: criteria)
    return try printedText {
      try ConnectionList.printers[format](list, Table.Layout(width: width), &$0)
    }.split(separator: "\n").map(String.init)
  }

  private func headings(_ lines: [String]) -> [String] {
    lines[0].split(separator: " ").map(String.init)
  }

  @Test func headingsAreTheNamesOfColumnsInCapitals() {
    let short: [ConnectionColumn: String] = [
      .receiveQueue: "RECV-Q", .sendQueue: "SEND-Q", .totalRetransmits: "RETRANS",
    ]
    for column in ConnectionColumn.allCases {
      #expect(column.title == short[column] ?? column.rawValue.uppercased())
      #expect(!column.title.contains(" "))
      let name = column.rawValue.replacing("-", with: "_")
      #expect(column.csvName == name || column.csvName == name + "_ms")
    }
  }

  /// One name for one thing: a column for an option's value has the option's name.
  @Test func columnsAreNamedLikeOptions() throws {
    let others: Set<SelectionKey> = [.host, .port, .filter]
    for key in SelectionKey.allCases where !others.contains(key) {
      #expect(ConnectionColumn(rawValue: key.rawValue) != nil, "--\(key.rawValue)")
    }
    #expect(ConnectionColumn(word: "recv-q") == .receiveQueue)
    #expect(ConnectionColumn(word: "send-q") == .sendQueue)
  }

  @Test func theLocalEndIsShortenedFirstWhereAProcessListens() throws {
    let whole = try lines(width: nil)
    #expect(whole.contains { $0.contains("127.0.0.1:8080") && $0.contains("java[1744]") })
    let columns: [ConnectionColumn] = [.state, .local, .peer, .process]
    // The local end of the outgoing connection is shortened only if that is not enough.
    let room = try #require(
      try lines(width: nil, columns: columns).map { EscapedText.width(of: $0.utf8) }.max())
    let narrow = try lines(width: room - 4, columns: columns)
    #expect(narrow.contains { $0.contains(" :8080 ") }, "\(narrow)")
    #expect(narrow.contains { $0.contains(" 127.0.0.1:99 ") }, "\(narrow)")
    let narrower = try lines(width: room - 12, columns: columns)
    #expect(narrower.contains { $0.contains(" :99 ") }, "\(narrower)")
    for line in narrow { #expect(EscapedText.width(of: line.utf8) <= room - 4) }
  }

  @Test func criteriaAreColumnsAndStayLongest() throws {
    let wanted: [ConnectionColumn] = [.stalled, .user, .mark]
    let all = headings(try lines(width: nil, criteria: wanted))
    #expect(
      all == [
        "STATE", "LOCAL", "PEER", "IDLE", "IN-STATE", "STALLED", "RECV-Q", "SEND-Q", "USER", "MARK",
        "PROCESS",
      ])
    let narrow = headings(try lines(width: 80, criteria: wanted))
    #expect(Set(narrow).isSuperset(of: ["STALLED", "USER", "MARK", "PROCESS"]))
    #expect(!narrow.contains("SEND-Q"))
    for width in 60...120 {
      for format in [OutputFormat.table, .wide] {
        let lines = try lines(width: width, criteria: wanted, format: format)
        for line in lines { #expect(EscapedText.width(of: line.utf8) <= width, "\(line)") }
      }
    }
  }

  @Test func aCriterionIsShownOnce() throws {
    let headings = headings(try lines(width: nil, criteria: [.state, .idle, .process]))
    #expect(
      headings == ["STATE", "LOCAL", "PEER", "IDLE", "IN-STATE", "RECV-Q", "SEND-Q", "PROCESS"])
  }

  @Test func namedColumnsAreKept() throws {
    let named: [ConnectionColumn] = [.cookie, .sendQueue, .local]
    #expect(
      headings(try lines(width: 40, criteria: [.user], columns: named)) == [
        "COOKIE", "SEND-Q", "LOCAL",
      ])
  }

  @Test(
    arguments: [
      ("idle > 1h", [.idle]), ("not stalled > 1s", [.stalled]),
      ("user = 0 or unit = x", [.user, .unit]),
      ("host 10.0.0.1", [.local, .peer]), ("dport = :80 and dport = :81", [.peer]),
      ("recv-queue >= 1 and mark = 1", [.receiveQueue, .mark]), ("autobound", [.local]),
      ("process = a and pid = 1", [.process]), ("cgroup = /a", [.controlGroup]),
      ("container = web or pod = p", [.container, .pod]), ("state established", [.state]),
    ] as [(String, [ConnectionColumn])])
  func columnsOfASelection(filter: String, columns: [ConnectionColumn]) throws {
    let predicate = try SelectionFilter.parse(filter, names: SystemNames())
    #expect(predicate.columns == columns)
  }
}
