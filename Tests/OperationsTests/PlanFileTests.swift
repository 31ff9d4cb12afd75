import Connections
import DescriptorActions
import Reaping
import TestSupport
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering

/// Reading a plan back: a plan with any problem is refused.
@Suite struct PlanFileTests {
  private static func connection(
    _ cookie: String = "0x2a", decision: String = "close", _ change: (String) -> String = { $0 }
  ) -> String {
    change(
      """
      {"netns":4026531833,"family":"ipv4","state":"close-wait",\
      "local":{"address":"10.0.0.5","port":8080},"peer":{"address":"10.0.0.9","port":51690},\
      "interface":null,"inode":6319,"cookie":"\(cookie)","decision":"\(decision)","reason":null}
      """)
  }

  /// The members before the connections, for a plan made for `method`.
  private static func head(_ method: String = "destroy", command: String? = nil) -> String {
    let command = command ?? "connreap kill --dry-run --method \(method) -o json"
    return """
      "version":2,"time":"2026-11-21T05:42:50.123Z","uptime_ms":1000000,"host":"here",\
      "made_by":{"uid":0,"user":"root","sudo_user":null,"command":"\(command)","version":"0.1.0"},\
      "boot_id":"b","method":"\(method)",
      """
  }

  private static func plan(_ connections: String..., head: String = Self.head()) -> String {
    "{\(head)\"connections\":[\(connections.joined(separator: ",\n"))],"
      + "\"summary\":{\"close\":\(connections.count)}}"
  }

  private func read(_ text: String) throws(PlanFileProblem) -> PlanFile {
    try PlanFile(Array(text.utf8))
  }

  private func problem(_ text: String) -> String? {
    do throws(PlanFileProblem) {
      _ = try read(text)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func connectionsKeepTheirOrder() throws {
    let file = try read(
      Self.plan(
        Self.connection("0x2b"), Self.connection("0x1", decision: "spare"), Self.connection("0x2a")
      ))
    #expect(file.bootID == "b")
    #expect(file.method == .destroy)
    #expect(file.closings.map(\.connection.cookie.rawValue) == [0x2b, 0x2a])
    let first = try #require(file.closings.first)
    #expect(first.networkNamespace == 4_026_531_833)
    #expect(first.connection.inode == 6319)
    #expect(first.connection.state == .closeWait)
    #expect(first.connection.local.description == "10.0.0.5:8080")
    #expect(first.connection.peer.description == "10.0.0.9:51690")
  }

  @Test func sparedConnectionsAreNotChecked() throws {
    #expect(try read(Self.plan(#"{"decision":"spare"}"#)).closings.isEmpty)
  }

  @Test(arguments: ["shutdown", "abort", "destroy"])
  func theMethodIsRead(name: String) throws {
    #expect(try read(Self.plan(head: Self.head(name))).method.name == name)
  }

  @Test func keepaliveTimesAreRead() throws {
    let times = #""keepalive":{"idle_s":30,"interval_s":5,"count":3,"user_timeout_ms":45000},"#
    let settings = try #require(
      KeepaliveSettings(idle: 30, interval: 5, count: 3, userTimeout: 45_000))
    let head = Self.head("keepalive")
    #expect(try read(Self.plan(head: head + times)).method == .keepalive(settings))
    #expect(try read(Self.plan(head: head)).method == .keepalive(.standard))
    #expect(
      problem(Self.plan(head: head + #""keepalive":{"idle_s":0,"interval_s":5,"count":3},"#))
        == "keepalive: the kernel does not accept these times")
  }

  @Test func theOriginIsRead() throws {
    let origin = try read(Self.plan()).origin
    #expect(origin.time == LogTime("2026-11-21T05:42:50.123Z"))
    #expect(origin.uptime == 1_000_000 && origin.host == "here" && origin.userID == 0)
    #expect(origin.user == "root" && origin.sudoUser == nil && origin.version == "0.1.0")
    #expect(origin.command == "connreap kill --dry-run --method destroy -o json")
  }

  @Test(arguments: [
    ("", "line 1, column 1: the file is empty"),
    ("{\"boot_id\":\"b\",\n \"connections\":[oops]}", "line 2, column 17: not valid JSON"),
    ("{\"boot_id\":\"b\"", "line 1, column 15: not valid JSON"),
    ("[]", "a plan is a JSON object"),
    ("{}", "version: this connreap reads plans of version 2"),
    (#"{"version":1,"connections":[]}"#, "version: this connreap reads plans of version 2"),
    (#"{"version":2}"#, "boot_id: missing boot ID"),
    (#"{"version":2,"boot_id":null}"#, "boot_id: missing boot ID"),
    (#"{"version":2,"boot_id":"b"}"#, "connections: missing list"),
    (
      #"{"boot_id":"b","policies":[],"connections":[]}"#,
      "policies: this is a plan of policies; run 'connreap policy apply'"
    ),
    (#"{"version":2,"boot_id":"b","connections":[]}"#, "time: missing, or not an RFC 3339 time"),
  ])
  func problemsHaveTheirLocation(text: String, message: String) {
    #expect(problem(text) == message)
  }

  @Test(arguments: [
    (#""time":"2026-11-21T05:42:50.123Z""#, #""time":"yesterday""#, "time: missing"),
    (#""time":"2026-11-21T05:42:50.123Z""#, #""time":null"#, "time: missing"),
    (#""uptime_ms":1000000"#, #""uptime_ms":-1"#, "uptime_ms: missing"),
    (#""uptime_ms":1000000"#, #""uptime_ms":18446744073709551615"#, "uptime_ms: missing"),
    (#""host":"here""#, #""host":"""#, "host: missing"),
    (#""uid":0"#, #""uid":"root""#, "made_by.uid: "),
    (#""user":"root""#, #""user":7"#, "made_by.user: "),
    (#""sudo_user":null"#, #""sudo_user":[]"#, "made_by.sudo_user: "),
    (#""command":"#, #""x":"#, "made_by.command: "),
    (#""version":"0.1.0""#, #""version":1"#, "made_by.version: "),
    (#""method":"destroy""#, #""method":"kick""#, "method: must be one of destroy, shutdown"),
    (#""method":"destroy""#, #""method":null"#, "method: must be one of destroy, shutdown"),
    (#""method":"destroy""#, #""method":"abort""#, "method: it was edited: the plan was made for"),
    (#""summary":{"close":1}"#, #""summary":{}"#, "summary.close: missing"),
    (#""summary":{"close":1}"#, #""summary":{"close":0}"#, "connections: 1 would be closed"),
    (#""reason":null"#, #""reason":"a listener""#, "connections[0].decision: it was edited"),
    (#""decision":"close""#, #""decision":"perhaps""#, "connections[0].decision: must be"),
    (#""decision":"close""#, #""decision":true"#, "connections[0].decision: must be"),
  ])
  func contradictionsAreRefused(good: String, bad: String, message: String) {
    let whole = Self.plan(Self.connection())
    #expect(problem(whole) == nil)
    let changed = whole.replacing(good, with: bad)
    #expect(changed != whole)
    #expect(problem(changed)?.hasPrefix(message) == true, "\(problem(changed) ?? "none")")
  }

  @Test func theMethodMustMatchTheCommandLine() throws {
    for command in ["connreap kill --method=abort -n", "connreap kill --method abort"] {
      #expect(try read(Self.plan(head: Self.head("abort", command: command))).method == .abort)
      #expect(problem(Self.plan(head: Self.head("destroy", command: command))) != nil)
    }
    let command = "connreap kill -n"
    #expect(try read(Self.plan(head: Self.head("destroy", command: command))).method == .destroy)
    #expect(problem(Self.plan(head: Self.head("abort", command: command))) != nil)
  }

  @Test func theAgeIsTheLongerOfTwo() throws {
    let origin = try read(Self.plan()).origin
    func age(_ clock: Int64, _ uptime: UInt64) -> UInt64? {
      let now = LogTime(milliseconds: origin.time.milliseconds + clock)
      return try? origin.age(at: now, sinceBoot: uptime)
    }
    #expect(age(0, 1_000_000) == 0)
    #expect(age(60_000, 1_060_000) == 60_000)
    #expect(age(60_000, 1_090_000) == 90_000, "the clock was set back")
    #expect(age(90_000, 1_060_000) == 90_000, "the clock was set forward")
    #expect(age(-500, 999_500) == 0, "the clocks are not read at the same time")
    #expect(age(-5000, 1_060_000) == nil)
    #expect(age(60_000, 900_000) == nil)
    #expect(age(.max / 2, 1_000_000) == UInt64(Int64.max / 2))
  }

  @Test func aPlanOfAnotherHostOrAnOldPlanIsRefused() throws {
    let file = try read(Self.plan())
    func failure(_ host: String?, after clock: Int64, limit: UInt64 = 1000) -> CommandFailure? {
      do throws(CommandFailure) {
        try file.check(
          named: "plan.json", limit: limit,
          now: LogTime(milliseconds: file.origin.time.milliseconds + clock),
          sinceBoot: file.origin.uptime + UInt64(max(0, clock)), host: host)
        return nil
      } catch {
        return error
      }
    }
    #expect(failure("here", after: 1000) == nil)
    let stale = failure("here", after: 7_200_000, limit: 3_600_000)
    #expect(stale?.status == .badData)
    #expect(stale?.message == "plan.json was made 2h00m ago, more than --plan-age 1h")
    let foreign = failure("there", after: 0)
    #expect(foreign?.message == "plan.json was made on the host here, but this host is there")
    #expect(failure(nil, after: 0)?.status == .badData)
    #expect(failure("here", after: -5000)?.message?.hasPrefix("plan.json: time: ") == true)
  }

  @Test(arguments: [
    "netns", "family", "state", "local", "peer", "inode", "cookie",
  ])
  func theIdentityOfAConnectionIsRequired(key: String) {
    let lacking = Self.connection { $0.replacing("\"\(key)\":", with: "\"x-\(key)\":") }
    let message = key == "netns" ? "missing network namespace" : "missing"
    #expect(
      problem(Self.plan(Self.connection("0x1"), lacking)) == "connections[1].\(key): \(message)")
  }

  @Test(arguments: [
    (#""cookie":"0x2a""#, #""cookie":"0x0""#), (#""cookie":"0x2a""#, #""cookie":"2a""#),
    (#""cookie":"0x2a""#, #""cookie":"0xffffffffffffffff""#),
    (#""cookie":"0x2a""#, #""cookie":"0x1ffffffffffffffff""#),
    ("8080", "65536"), ("10.0.0.9", "10.0.0"), ("close-wait", "gone"),
    ("ipv4", "ipv5"), ("6319", "-1"), ("6319", "4294967296"),
  ])
  func invalidValuesAreProblems(good: String, bad: String) {
    let text = Self.plan(Self.connection().replacing(good, with: bad))
    #expect(text != Self.plan(Self.connection()))
    #expect(problem(text)?.hasPrefix("connections[0]") == true)
  }

  @Test func theWildcardCookieIsRefused() {
    #expect(
      problem(Self.plan(Self.connection("0xffffffffffffffff")))
        == "connections[0]: not a connection")
  }

  @Test func aDuplicateCookieIsAProblem() {
    #expect(
      problem(Self.plan(Self.connection("0x2a"), Self.connection("0x2A")))
        == "connections[1].cookie: duplicate")
  }

  /// Whatever byte is changed, the result is a plan or a problem, and never a crash.
  @Test func aDamagedPlanIsAProblemOrAnotherPlan() {
    let whole = Array(Self.plan(Self.connection("0x1"), Self.connection("0x2")).utf8)
    var random = Seeded(7)
    for _ in 0..<2000 {
      var bytes = whole
      bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(
        in: 0...255, using: &random)
      if Bool.random(using: &random) {
        bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
      }
      let file = try? PlanFile(bytes)
      #expect((file?.closings.count ?? 0) <= 2)
    }
  }
}
