import Connections
import PresentationTestSupport
import TestSupport
import Testing

@testable import Presentation
@testable import Rendering

@Suite struct ConnectionGroupTests {
  private static let hour: UInt32 = 3_600_000

  @Test func aSharedConnectionCountsOnceForTheLowestPid() throws {
    let scene = StatsScene([FakeSocket(cookie: 1, inode: 11), FakeSocket(cookie: 2, inode: 12)])
    scene.tree.process(300, name: "worker", links: [3: "socket:[11]", 4: "socket:[12]"])
    scene.tree.process(200, name: "master", links: [3: "socket:[11]"])
    #expect(try scene.counts(by: .process) == ["master[200] 1", "worker[300] 1"])
    let master = try #require(try scene.groups(by: .process).first)
    #expect(master.key == "master" && master.pid == 200)
  }

  @Test func processesOfOneProgramAndUnitCountTogether() throws {
    let scene = StatsScene((1...4).map { FakeSocket(cookie: UInt64($0), inode: 10 + UInt32($0)) })
    for (pid, script, unit) in [
      (10, "a.py", "x"), (11, "a.py", "x"), (12, "a.py", "y"), (13, "b.py", "x"),
    ] {
      scene.tree.process(
        Int32(pid), name: "python3", command: ["python3", "/srv/\(script)"],
        links: [3: "socket:[\(pid + 1)]"])
      scene.tree.file("\(pid)/cgroup", "0::/system.slice/\(unit).service\n")
    }
    #expect(
      try scene.counts(by: .program) == [
        "a.py (x.service) 2", "a.py (y.service) 1", "b.py (x.service) 1",
      ])
    #expect(try scene.groups(by: .program).map(\.key) == ["a.py", "a.py", "b.py"])
  }

  @Test func connectionsWithoutAProcessAreGroupedByReason() throws {
    let scene = StatsScene([
      FakeSocket(cookie: 1, inode: 11),
      FakeSocket(cookie: 2, inode: 0) { $0.state = 6 },
      FakeSocket(cookie: 3, inode: 0) { $0.state = 5 },
      FakeSocket(cookie: 4, inode: 0) { $0.localPort = 9 },
    ])
    let expected: Set = [
      "owner unknown 2", "no process: kernel only 1", "no process: orphans 1",
    ]
    #expect(Set(try scene.counts(by: .process)) == expected)
    #expect(try scene.groups(by: .process).allSatisfy { $0.key == nil && $0.pid == nil })
    let users = try scene.groups(by: .user)
    #expect(users.first { $0.label == "1000" }?.figures.count == 1, "uid 0 is not root's")
    #expect(users.first { $0.label == "in an accept queue" }?.figures.count == 1)
  }

  @Test func connectionsInAnAcceptQueueBelongToTheListener() throws {
    let scene = StatsScene([
      FakeSocket(cookie: 1, inode: 11) {
        $0.state = 10
        $0.local = [0, 0, 0, 0]
      },
      FakeSocket(cookie: 2, inode: 0),
    ])
    scene.tree.process(100, name: "java", links: [3: "socket:[11]"])
    #expect(try scene.counts(by: .process) == ["java[100] 2"])
    #expect(try scene.counts(by: .listener) == ["0.0.0.0:8080 2"])
  }

  @Test func theListenerIsTheOneWithAMatchingAddress() throws {
    let scene = StatsScene([
      FakeSocket(cookie: 1, inode: 11) {
        $0.state = 10
        $0.localPort = 80
        $0.local = [0, 0, 0, 0]
      },
      FakeSocket(cookie: 2, inode: 12) { $0.localPort = 80 },
      FakeSocket(cookie: 3, inode: 13) { $0.localPort = 50_000 },
    ])
    #expect(try scene.counts(by: .listener) == ["0.0.0.0:80 2", "no listener 1"])
  }

  @Test func mappedAndPlainPeersAreOneGroup() throws {
    let mapped = [UInt8](repeating: 0, count: 10) + [255, 255, 10, 0, 0, 9]
    let scene = StatsScene([
      FakeSocket(cookie: 1, inode: 11) { $0.peer = [10, 0, 0, 9] },
      FakeSocket(cookie: 2, inode: 12) {
        $0.family = 10
        $0.peer = mapped
        $0.local = mapped
      },
      FakeSocket(cookie: 3, inode: 13) {
        $0.state = 10
        $0.peer = [0, 0, 0, 0]
        $0.peerPort = 0
      },
    ])
    #expect(try scene.counts(by: .peer) == ["10.0.0.9 2", "no peer 1"])
  }

  @Test func otherGroupingsUseTheConnectionItself() throws {
    let scene = StatsScene([
      FakeSocket(cookie: 1, inode: 11), FakeSocket(cookie: 2, inode: 12) { $0.state = 8 },
      FakeSocket(cookie: 3, inode: 13) { $0.localPort = 443 },
    ])
    #expect(try scene.counts(by: .state) == ["ESTAB 2", "CLOSE-WAIT 1"])
    #expect(try scene.counts(by: .localPort) == ["8080 2", "443 1"])
    #expect(try scene.counts(by: .netns) == ["4711 3"])
    #expect(try scene.counts(by: .unit) == ["in no known unit 3"])
    #expect(try scene.counts(by: .container) == ["in no known container 3"])
    #expect(try scene.counts(by: .pod) == ["in no known pod 3"])
    #expect(try scene.groups(by: .state).map(\.key) == ["established", "close-wait"])
  }

  @Test func figuresAreSumsOverTheConnections() throws {
    let scene = StatsScene([
      FakeSocket(cookie: 1, inode: 11) {
        $0.info = .idle(Self.hour)
        $0.receiveQueue = 5
      },
      FakeSocket(cookie: 2, inode: 12) {
        $0.info = .idle(Self.hour - 1)
        $0.sendQueue = .max
      },
      FakeSocket(cookie: 3, inode: 13) {
        $0.state = 8
        $0.info = .idle(2 * Self.hour)
        $0.sendQueue = .max
      },
      FakeSocket(cookie: 4, inode: 14) {
        $0.state = 10
        $0.receiveQueue = 7
        $0.sendQueue = 128
      },
    ])
    let figures = try #require(try scene.groups(by: .netns).first).figures
    #expect(figures.count == 4 && figures.closeWait == 1)
    #expect(figures.longIdle == 2 && figures.knownLongIdle == 2)
    #expect(figures.oldestIdle == 2 * Self.hour)
    #expect(figures.receiveQueue == 5, "a listener's queue does not hold bytes")
    #expect(figures.sendQueue == 2 * UInt64(UInt32.max))
  }

  @Test func idleIsUnknownWithoutFigures() throws {
    let scene = StatsScene([FakeSocket(cookie: 1, inode: 11) { $0.info = nil }])
    let figures = try #require(try scene.groups(by: .state).first).figures
    #expect(figures.knownLongIdle == nil && figures.oldestIdle == nil)
    let listeners = StatsScene([FakeSocket(cookie: 1, inode: 11) { $0.state = 10 }])
    #expect(try listeners.groups(by: .state).first?.figures.knownLongIdle == 0)
  }

  @Test func groupsAddUpToTheTotal() throws {
    var numbers = Seeded(11)
    let sockets = (1...200).map { number in
      FakeSocket(
        cookie: UInt64(number),
        inode: Int.random(in: 0..<3, using: &numbers) == 0 ? 0 : UInt32(number)
      ) {
        $0.state = UInt8.random(in: 1...11, using: &numbers)
        $0.localPort = UInt16.random(in: 8000..<8005, using: &numbers)
      }
    }
    let scene = StatsScene(sockets)
    for grouping in Grouping.allCases {
      let groups = try scene.groups(by: grouping)
      #expect(groups.reduce(0) { $0 + $1.figures.count } == 200, "\(grouping)")
      #expect(groups.map(\.figures.count) == groups.map(\.figures.count).sorted(by: >))
      #expect(Set(groups.map(\.identity)).count == groups.count)
    }
  }
}
