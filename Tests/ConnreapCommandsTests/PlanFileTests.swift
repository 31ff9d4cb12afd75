import Connections
import DescriptorActions
import Reaping
import TestSupport
import Testing

@testable import ConnreapCommands

/// A plan as it is read back: all of it makes sense, or none of it is done.
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

  private static func plan(
    _ connections: String..., head: String = #""boot_id":"b","method":"destroy","#
  ) -> String {
    "{\(head)\"connections\":[\(connections.joined(separator: ",\n"))]}"
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

  @Test func theConnectionsToCloseAreReadInTheirOrder() throws {
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

  @Test func aSparedConnectionNeedNotMakeSense() throws {
    #expect(try read(Self.plan(#"{"decision":"spare"}"#)).closings.isEmpty)
  }

  @Test(arguments: ["shutdown", "abort", "destroy"])
  func theMethodIsThePlans(name: String) throws {
    let head = #""boot_id":"b","method":"\#(name)","#
    #expect(try read(Self.plan(head: head)).method?.name == name)
  }

  @Test func withoutAMethodItSaysNone() throws {
    #expect(try read(Self.plan(head: #""boot_id":"b","#)).method == nil)
  }

  @Test func keepaliveKeepsItsTimes() throws {
    let times = #""keepalive":{"idle_s":30,"interval_s":5,"count":3,"user_timeout_ms":45000},"#
    let settings = try #require(
      KeepaliveSettings(idle: 30, interval: 5, count: 3, userTimeout: 45_000))
    let head = #""boot_id":"b","method":"keepalive","#
    #expect(try read(Self.plan(head: head + times)).method == .keepalive(settings))
    #expect(try read(Self.plan(head: head)).method == .keepalive(.usual))
    #expect(
      problem(Self.plan(head: head + #""keepalive":{"idle_s":0,"interval_s":5,"count":3},"#))
        == "keepalive: the kernel would not take these times")
  }

  @Test(arguments: [
    ("", "line 1, column 1: the file is empty"),
    ("{\"boot_id\":\"b\",\n \"connections\":[oops]}", "line 2, column 17: this is no JSON"),
    ("{\"boot_id\":\"b\"", "line 1, column 15: this is no JSON"),
    ("[]", "a plan is an object"),
    ("{}", "boot_id: it does not say of which boot its cookies are"),
    (
      #"{"boot_id":null,"connections":[]}"#,
      "boot_id: it does not say of which boot its cookies are"
    ),
    (#"{"boot_id":"b"}"#, "connections: there is no list of them"),
    (#"{"boot_id":"b","connections":{}}"#, "connections: there is no list of them"),
    (
      #"{"version":2,"boot_id":"b","connections":[]}"#,
      "version: this connreap reads plans of version 1"
    ),
    (
      #"{"boot_id":"b","policies":[],"connections":[]}"#,
      "policies: this is what policies would do; 'connreap policy apply' does it"
    ),
    (
      #"{"boot_id":"b","method":"kick","connections":[]}"#,
      "method: the methods are destroy, shutdown, abort, keepalive"
    ),
    (
      #"{"boot_id":"b","connections":[{}]}"#,
      "connections[0].decision: it is \"close\" or \"spare\""
    ),
  ])
  func whatIsWrongIsSaidWithItsPlace(text: String, message: String) {
    #expect(problem(text) == message)
  }

  @Test(arguments: [
    "netns", "family", "state", "local", "peer", "inode", "cookie",
  ])
  func whatNamesAConnectionMustBeThere(key: String) {
    let lacking = Self.connection { $0.replacing("\"\(key)\":", with: "\"x-\(key)\":") }
    let message =
      key == "netns" ? "it does not say in which network namespace" : "it is missing"
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
  func aValueThatNamesNothingIsAProblem(good: String, bad: String) {
    let text = Self.plan(Self.connection().replacing(good, with: bad))
    #expect(text != Self.plan(Self.connection()))
    #expect(problem(text)?.hasPrefix("connections[0]") == true)
  }

  @Test func theWildcardCookieCannotBeSmuggledIn() {
    #expect(
      problem(Self.plan(Self.connection("0xffffffffffffffff")))
        == "connections[0]: it does not name a connection")
  }

  @Test func theSameCookieTwiceIsAProblem() {
    #expect(
      problem(Self.plan(Self.connection("0x2a"), Self.connection("0x2A")))
        == "connections[1].cookie: another connection has the same")
  }

  /// Whatever octet is changed, what is read is a plan or a problem; never a crash.
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
