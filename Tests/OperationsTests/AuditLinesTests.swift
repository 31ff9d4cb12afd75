import Connections
import PresentationTestSupport
import Reaping
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering

/// Audit log entries whose common parts are rendered once.
@Suite struct AuditLinesTests {
  private func step(_ policy: String? = nil, method: ClosingMethod = .destroy) -> Plan.Step {
    let step = sampleOutcome(.closed).step
    return Plan.Step(
      connection: step.connection, decision: .close, method: method,
      policy: policy.map { Plan.PolicyReference(index: 0, name: $0) })
  }

  /// The entries without the members that differ between runs.
  private func lines(
    selection: String?, _ fill: (inout AuditLines, inout JSONWriter) -> Void
  ) -> [String] {
    var lines = AuditLines(AuditedRun(command: "kill", selection: selection), at: "T")
    var json = JSONWriter()
    fill(&lines, &json)
    return String(decoding: json.bytes, as: UTF8.self).split(separator: "\n").map { line in
      let end = line.firstRange(of: #","uid":"#)?.lowerBound ?? line.endIndex
      let rest = line.firstRange(of: #","connection""#)?.lowerBound ?? line.endIndex
      return String(line[..<end] + line[rest...])
    }
  }

  @Test func eachEntryHasItsOwnMembers() {
    let closed = Outcome(step(), .closed)
    let failed = Outcome(step("p\"q"), .failed(.notPermitted))
    let written = lines(selection: "--port 80") { lines, json in
      lines.write(step(), event: "closing", outcome: nil, to: &json) { $0.object { _ in } }
      lines.write(step(), event: "closing", outcome: nil, to: &json) { $0.object { _ in } }
      lines.write(step(), event: "closed", outcome: closed, to: &json) { $0.object { _ in } }
      lines.write(step("p\"q"), event: "failed", outcome: failed, to: &json) {
        $0.object { $0.member("a", 1) }
      }
      lines.write(step("p\"q", method: .abort), event: "failed", outcome: failed, to: &json) {
        $0.part(Array("{}".utf8))
      }
    }
    func line(_ event: String, _ method: String, _ more: String, _ connection: String) -> String {
      #"{"time":"T","event":"\#(event)","command":"kill","method":"\#(method)""#
        + more + #","connection":\#(connection)}"#
    }
    let reason = #","policy":"p\"q","selection":"--port 80","reason":"operation not permitted""#
    #expect(
      written == [
        line("closing", "destroy", #","selection":"--port 80""#, "{}"),
        line("closing", "destroy", #","selection":"--port 80""#, "{}"),
        line("closed", "destroy", #","selection":"--port 80""#, "{}"),
        line("failed", "destroy", reason, #"{"a":1}"#),
        line("failed", "abort", reason, "{}"),
      ])
  }

  @Test func theRangeOfTheConnectionIsReturned() {
    var lines = AuditLines(AuditedRun(command: "kill", selection: nil), at: "T")
    var json = JSONWriter()
    for number in 1...3 {
      let range = lines.write(step(), event: "closing", outcome: nil, to: &json) {
        $0.object { $0.member("n", number) }
      }
      #expect(String(decoding: json.bytes[range], as: UTF8.self) == "{\"n\":\(number)}")
    }
  }
}
