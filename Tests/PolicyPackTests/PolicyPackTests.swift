import Connections
import PolicyEngine
import TestSupport
import Testing

/// Each shipped policy does what its comment says, on recordings of a matching machine.
@Suite struct PolicyPackTests {
  @Test func closeWaitPileUp() throws {
    let machine = try RecordedMachine("close-wait-pileup.yaml")
    machine.add(12, .closeWait, of: 100, "java", for: 2 * minute)
    machine.add(3, .closeWait, of: 100, "java", for: minute / 2)
    machine.add(4, .closeWait, of: 200, "nginx", for: hour)
    machine.add(20, .closeWait, of: 300, "sshd", for: hour)
    machine.add(40, .established, of: 100, "java", for: hour)
    #expect(try machine.counts() == ["close-wait-pileup": 12])
    #expect(machine.count(of: 100) == 43)
    #expect(machine.count(of: 200) == 4 && machine.count(of: 300) == 20)
    #expect(try machine.counts() == ["close-wait-pileup": 0])
  }

  @Test func idleEstablished() throws {
    let machine = try RecordedMachine("idle-established.yaml")
    machine.add(20, .established, of: 100, "java", for: day)
    machine.add(5, .established, of: 100, "java", for: hour)
    machine.add(30, .established, of: 200, "app", for: 2 * day) { $0.peer = [127, 0, 0, 1] }
    #expect(try machine.counts() == ["idle-established": 20])
    #expect(machine.count(of: 100) == 25, "a report closes nothing")
  }

  @Test func stalledPeers() throws {
    let machine = try RecordedMachine("stalled-peers.yaml")
    machine.add(3, .established, of: 100, "java", for: 0) { $0.sendQueue = 500 }
    machine.add(4, .established, of: 100, "java", for: 0)
    let names = ["stalled-report", "silent-probe", "stalled-close"]
    func counts() throws -> [Int] {
      let counts = try machine.counts()
      return names.map { counts[$0] ?? -1 }
    }
    #expect(try counts() == [0, 0, 0])
    machine.now += 2 * minute
    #expect(try counts() == [3, 0, 0])
    machine.now += 13 * minute
    #expect(try counts() == [3, 0, 0], "stalled for 15 minutes in one run only")
    machine.now += minute
    #expect(try counts() == [3, 0, 3])
    #expect(machine.count(of: 100) == 4)
    machine.now += 2 * hour
    #expect(try counts() == [0, 4, 0])
    machine.now += hour
    #expect(try counts() == [0, 0, 0], "a probed connection is not probed again")
    #expect(machine.count(of: 100) == 4)
  }

  @Test func databaseSessions() throws {
    let machine = try RecordedMachine("database-sessions.yaml")
    machine.add(9, .established, of: 100, "app", for: 9 * hour) { $0.peerPort = 5432 }
    machine.add(3, .established, of: 100, "app", for: hour) { $0.peerPort = 5432 }
    machine.add(6, .established, of: 100, "app", for: 9 * hour) { $0.peerPort = 443 }
    machine.add(7, .established, of: 200, "pg_dump", for: 9 * hour) { $0.peerPort = 5432 }
    machine.add(4, .established, of: 300, "tool", for: 9 * hour) { $0.peerPort = 6379 }
    for _ in 0..<2 {
      #expect(try machine.counts() == ["database-sessions": 0])
      machine.now += 5 * minute
    }
    #expect(try machine.counts() == ["database-sessions": 7])
    #expect(machine.count(of: 100) == 11)
    #expect(machine.count(of: 200) == 7 && machine.count(of: 300) == 4)
  }

  @Test func httpKeepAlive() throws {
    let machine = try RecordedMachine("http-keepalive.yaml")
    machine.add(250, .established, of: 100, "nginx", for: 20 * minute) { $0.localPort = 443 }
    machine.add(30, .established, of: 100, "nginx", for: minute) { $0.localPort = 443 }
    machine.add(199, .established, of: 200, "api", for: 20 * minute) { $0.localPort = 8080 }
    #expect(try machine.counts() == ["http-keepalive": 200])
    #expect(machine.count(of: 100) == 80 && machine.count(of: 200) == 199)
    #expect(try machine.counts() == ["http-keepalive": 0])
  }

  @Test func halfOpenFinWait2() throws {
    let machine = try RecordedMachine("half-open-fin-wait-2.yaml")
    machine.add(12, .finWait2, of: 100, "proxy", for: 0)
    machine.add(40, .finWait2, of: 0, "", for: 0, held: false)
    machine.add(9, .finWait2, of: 200, "few", for: 0)
    for _ in 0..<2 {
      #expect(try machine.counts() == ["half-open-fin-wait-2": 0])
      machine.now += 15 * minute
    }
    #expect(try machine.counts() == ["half-open-fin-wait-2": 12])
    #expect(machine.count(of: 100) == 0 && machine.count(of: 200) == 9)
  }

  @Test func connectionHog() throws {
    let machine = try RecordedMachine("connection-hog.yaml")
    machine.add(550, .established, of: 100, "httpd", for: 10 * minute)
    machine.add(60, .established, of: 100, "httpd", for: minute)
    machine.add(100, .established, of: 100, "httpd", for: hour) { $0.peer = [10, 0, 0, 7] }
    machine.add(600, .established, of: 200, "local", for: hour) { $0.peer = [127, 0, 0, 1] }
    #expect(try machine.counts() == ["connection-hog": 610, "connection-hog-idle": 450])
    #expect(machine.count(of: 100) == 260 && machine.count(of: 200) == 600)
  }

  @Test func idleHogWithoutActiveConnectionsIsRefused() throws {
    let machine = try RecordedMachine("connection-hog.yaml")
    machine.add(2000, .established, of: 100, "httpd", for: 10 * minute)
    let found = try machine.run()
    #expect(found[1].refusal?.share?.percent == 90)
    #expect(machine.count(of: 100) == 2000)
  }

  @Test func containerLeak() throws {
    let machine = try RecordedMachine("container-leak.yaml")
    func scope(_ digit: String) -> String {
      "/system.slice/docker-\(String(repeating: digit, count: 64)).scope"
    }
    func leak(_ count: Int) {
      for pid: Int32 in [100, 101] {
        machine.add(count, .closeWait, of: pid, "worker", for: 10 * minute, cgroup: scope("a"))
        machine.add(count, .established, of: pid, "worker", for: 0, cgroup: scope("a"))
      }
    }
    leak(30)
    machine.add(20, .closeWait, of: 200, "other", for: hour, cgroup: scope("b"))
    machine.add(90, .closeWait, of: 300, "host", for: hour, cgroup: "/system.slice/host.service")
    #expect(try machine.counts() == ["container-leak": 0])
    var closed: [Int] = []
    for _ in 0..<7 {
      machine.now += 10 * minute
      leak(30)
      closed.append(try machine.counts()["container-leak"] ?? -1)
    }
    #expect(closed == [50, 60, 60, 60, 60, 0, 0], "the policy gives up after five runs")
    let found = try machine.run()
    let group = try #require(found[0].givenUp.first)
    #expect(group.label == "aaaaaaaaaaaa")
    #expect(machine.count(of: 200) == 20 && machine.count(of: 300) == 90)
  }
}
