import Connections
import PresentationTestSupport
import Scanning
import Selection
import TestSupport
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

@Suite struct MetricsReportTests {
  private func lines(
    _ scene: StatsScene, top: Int = 20, totals: AuditTotals? = nil,
    past: RunHistory.Remembered = .nothing
  ) throws -> [String] {
    let report = MetricsReport(
      snapshot: try scene.snapshot(by: .process), totals: totals, past: past, scanSeconds: 0.25,
      maximumProcesses: top)
    return report.text.split(separator: "\n").map(String.init)
  }

  @Test func everyStateHasASample() throws {
    let lines = try lines(StatsScene([FakeSocket(cookie: 1, inode: 11) { $0.state = 8 }]))
    for state in TCPStateSet.all.states {
      let count = state == .closeWait ? 1 : 0
      #expect(lines.contains(#"connreap_connections{state="\#(state.name)"} \#(count)"#))
    }
    #expect(lines.contains("connreap_scan_duration_seconds 0.25"))
  }

  @Test func leaksAreCountedByPolicy() throws {
    let scene = StatsScene((1...3).map { FakeSocket(cookie: UInt64($0), inode: UInt32($0)) })
    let cookies = try scene.snapshot(by: .state).connections.map(\.cookie)
    var memory = RunMemory()
    for (policy, cookie) in [("a", cookies[0]), ("a", cookies[1]), ("b", cookies[0])] {
      memory.flags[FlagKey(policy: policy, cookie: cookie)] = RememberedFlag(rules: 1, runs: 1)
    }
    // A connection that no longer exists, and a policy without any left.
    memory.flags[FlagKey(policy: "b", cookie: SocketCookie(rawValue: 99)!)] = RememberedFlag(
      rules: 1, runs: 2)
    memory.groups[RememberedGroupKey(policy: "c\"", group: "all")] = RememberedGroup(
      rules: 1, rounds: 1, firstRound: 1, firstCount: 1)
    let leaks = try lines(scene, past: .known(memory)).filter { $0.contains("leaked") }
    #expect(
      leaks.dropFirst(2) == [
        #"connreap_leaked_connections{policy="a"} 2"#,
        #"connreap_leaked_connections{policy="b"} 1"#,
        #"connreap_leaked_connections{policy="c\""} 0"#,
      ])
    for past in [RunHistory.Remembered.nothing, .unknown("damaged")] {
      #expect(try lines(scene, past: past).allSatisfy { !$0.contains("leaked") }, "not zero")
    }
  }

  @Test func onlyTheLargestProcessesAreListedByName() throws {
    let scene = StatsScene((1...6).map { FakeSocket(cookie: UInt64($0), inode: UInt32($0)) })
    scene.tree.process(100, name: "java", links: [3: "socket:[1]", 4: "socket:[2]"])
    scene.tree.process(101, name: "java", links: [3: "socket:[3]"])
    scene.tree.process(102, name: "nginx", links: [3: "socket:[4]", 4: "socket:[5]"])
    scene.tree.process(103, name: "one", links: [3: "socket:[6]"])
    let processes = try lines(scene, top: 2).filter {
      $0.hasPrefix("connreap_process_connections{")
    }
    #expect(
      processes == [
        #"connreap_process_connections{process="java",state="established"} 3"#,
        #"connreap_process_connections{process="nginx",state="established"} 2"#,
      ])
    #expect(try lines(scene, top: 0).allSatisfy { !$0.contains("process=") })
  }

  @Test func aHostileNameIsOneLabel() throws {
    let scene = StatsScene([FakeSocket(cookie: 1, inode: 11)])
    scene.tree.process(100, name: "a\"} 9\n\\\u{1b}", links: [3: "socket:[11]"])
    let found = try lines(scene).filter { $0.hasPrefix("connreap_process_connections{") }
    #expect(found.count == 1)
    #expect(found.first?.hasSuffix(#",state="established"} 1"#) == true)
    #expect(found.first?.contains(#"process="a\"} 9\\x0a"#) == true)
    #expect(found.first?.contains("\u{1b}") == false)
  }

  private static func listener(
    _ number: Int, port: UInt16 = 8080, waiting: UInt32, backlog: UInt32
  ) -> FakeSocket {
    FakeSocket(cookie: UInt64(number), inode: UInt32(number)) {
      $0.state = 10
      $0.local = [0, 0, 0, 0]
      $0.localPort = port
      $0.receiveQueue = waiting
      $0.sendQueue = backlog
    }
  }

  @Test func eachSocketOfAPortHasItsOwnQueue() throws {
    let lines = try lines(
      StatsScene([
        Self.listener(2, waiting: 129, backlog: 128), Self.listener(1, waiting: 0, backlog: 128),
      ]))
    func sample(_ what: String, _ socket: Int, _ value: Int) -> Bool {
      lines.contains(
        #"connreap_listener_\#(what){local="0.0.0.0:8080",socket="\#(socket)"} \#(value)"#)
    }
    #expect(sample("accept_queue", 1, 0) && sample("accept_queue", 2, 129))
    #expect(sample("backlog", 1, 128) && sample("backlog", 2, 128))
    #expect(lines.contains("connreap_listener_fullest_ratio 1.0078125"))
  }

  @Test func theRatioIsAboveOneExactlyIfAQueueIsFull() throws {
    func ratio(_ listeners: [FakeSocket]) throws -> String? {
      try lines(StatsScene(listeners)).first { $0.hasPrefix("connreap_listener_fullest_ratio ") }
        .map { String($0.split(separator: " ")[1]) }
    }
    #expect(try ratio([]) == "0.0")
    #expect(try ratio([Self.listener(1, waiting: 4, backlog: 4)]) == "1.0")
    #expect(try ratio([Self.listener(1, waiting: 0, backlog: 0)]) == "0.0")
    #expect(try ratio([Self.listener(1, waiting: 1, backlog: 0)]) == "+Inf")
  }

  @Test func listenersAreBoundedAndIncludeTheFullest() throws {
    var listeners = (1...300).map {
      Self.listener($0, port: UInt16($0), waiting: 1, backlog: 100)
    }
    listeners[250] = Self.listener(251, port: 251, waiting: 101, backlog: 100)
    let lines = try lines(StatsScene(listeners))
    let queues = lines.filter { $0.hasPrefix("connreap_listener_accept_queue{") }
    #expect(queues.count == MetricsReport.maximumListeners)
    #expect(
      queues.first == #"connreap_listener_accept_queue{local="0.0.0.0:251",socket="1"} 101"#)
    #expect(lines.contains("connreap_listener_accept_queue_other 200"))
    #expect(lines.contains("connreap_listener_backlog_other 20000"))
  }

  @Test func otherListenersAreSummed() throws {
    let listeners = (1...400).map { number in
      FakeSocket(cookie: UInt64(number), inode: UInt32(number)) {
        $0.state = 10
        $0.local = [10, 0, UInt8(number / 256), UInt8(number % 256)]
        $0.receiveQueue = UInt32(number <= 50 ? 0 : number)
        $0.sendQueue = number == 60 ? 1 : 1000
      }
    }
    let lines = try lines(StatsScene(listeners))
    let queues = lines.filter { $0.hasPrefix("connreap_listener_accept_queue{") }
    #expect(queues.count == MetricsReport.maximumListeners)
    #expect(
      queues.contains(#"connreap_listener_accept_queue{local="10.0.1.144:8080",socket="1"} 400"#))
    #expect(
      queues.contains(#"connreap_listener_accept_queue{local="10.0.0.60:8080",socket="1"} 60"#),
      "a full one comes first")
    #expect(lines.contains("connreap_listeners 400"))
    let shown = (302...400).reduce(60, +)
    #expect(
      lines.contains("connreap_listener_accept_queue_other \((51...400).reduce(0, +) - shown)"))
    #expect(lines.contains("connreap_listener_backlog_other 300000"))
    #expect(lines.count < 400)
  }

  @Test func otherProcessesAreSummed() throws {
    let scene = StatsScene((1...6).map { FakeSocket(cookie: UInt64($0), inode: UInt32($0)) })
    for number in 1...6 {
      scene.tree.process(
        Int32(100 + number), name: number == 1 ? "other" : "p\(number)",
        links: [3: "socket:[\(number)]"])
    }
    let lines = try lines(scene, top: 2)
    #expect(lines.contains(#"connreap_process_connections{process="other",state="established"} 1"#))
    #expect(lines.contains(#"connreap_process_connections_other{state="established"} 4"#))
    #expect(lines.contains(#"connreap_process_connections_other{state="close-wait"} 0"#))
  }

  @Test func anUnreadableLogHasNoSamples() throws {
    #expect(try !lines(StatsScene([])).contains { $0.contains("outcomes") })
    let folder = ProcTree()
    let empty = try AuditTotals(in: folder.root)
    let lines = try lines(StatsScene([]), totals: empty)
    #expect(lines.contains(#"connreap_outcomes_total{result="closed"} 0"#), "there is no log yet")
  }

  @Test func damagedLinesAreCountedSeparately() throws {
    let folder = ProcTree()
    folder.file("audit.jsonl", "no JSON\n{\"event\":\"closed\"}\n")
    folder.file("audit.jsonl.1", "\n")
    let totals = try AuditTotals(in: folder.root)
    #expect(totals.damaged == 3 && totals.count(of: "closed") == 0)
  }

  @Test func everyFamilyIsDeclaredOnceAndBeforeItsSamples() throws {
    let lines = try lines(
      StatsScene([FakeSocket(cookie: 1, inode: 1)]), totals: try AuditTotals(in: ProcTree().root))
    var declared: Set<String> = []
    for line in lines where !line.hasPrefix("# HELP") {
      let words = line.split(separator: " ")
      if line.hasPrefix("# TYPE") {
        #expect(declared.insert(String(words[2])).inserted)
      } else {
        let name = line.prefix { $0 != "{" && $0 != " " }
        #expect(declared.contains { name.hasPrefix($0) }, "\(line)")
        #expect(words.last.flatMap { Double($0) } != nil)
      }
    }
    #expect(declared.count == 18)
  }
}

@Suite struct IdleHistogramTests {
  private func histogram(_ idle: [UInt32?]) throws -> IdleHistogram {
    let scene = StatsScene(
      idle.enumerated().map { number, idle in
        FakeSocket(cookie: UInt64(number + 1), inode: UInt32(number + 1)) {
          $0.info = idle.map { .idle($0) }
        }
      })
    return IdleHistogram(try scene.snapshot(by: .state).connections)
  }

  @Test func bucketsAreCumulativeAndIncludeTheirBounds() throws {
    let histogram = try histogram([0, 1000, 1001, 3_600_000, 3_600_001, .max, nil])
    #expect(histogram.counts == [3, 4, 4, 4, 4, 5, 6, 6, 6])
    #expect(histogram.total == 6, "just below the wrap of the kernel's clock is 0; unknown is none")
  }

  @Test func singleBucketsAreNotCumulative() throws {
    let buckets = try histogram([0, 1000, 1001, 3_600_000, 3_600_001, .max, nil]).buckets
    #expect(buckets.map(\.count) == [3, 1, 0, 0, 0, 1, 1, 0, 0, 0])
    #expect(
      buckets.map(\.name) == ["1s", "10s", "1m", "5m", "15m", "1h", "4h", "1d", "7d", ">7d"])
    #expect(buckets.map(\.isLong) == buckets.indices.map { $0 > 5 })
    #expect(try histogram([3_600_000, 3_600_001]).within(seconds: 3600) == 1)
    #expect(try histogram([864_000_000]).buckets.last?.count == 1)
  }

  @Test func anEmptyHistogramIsZero() throws {
    var text = PrometheusText()
    try histogram([]).write("x", to: &text)
    #expect(text.text.contains("x_bucket{le=\"+Inf\"} 0\nx_sum 0.0\nx_count 0\n"))
  }
}
