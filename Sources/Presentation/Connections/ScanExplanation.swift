import Connections
package import Rendering
package import Scanning
import Selection
import SocketDiagnostics

/// How a selection is evaluated: what the kernel filters, and what connreap filters itself.
package struct ScanExplanation: Printable {
  package let request: ScanRequest
  package let moment: ScanMoment

  package init(request: ScanRequest, at moment: ScanMoment) {
    self.request = request
    self.moment = moment
  }

  /// The explanation as lines of text.
  package var text: String {
    var lines: [(heading: String, text: String)] = []
    for plan in request.dumps {
      let texts = Self.lines(of: plan)
      lines.append(("kernel, \(plan.split.family.name)", texts[0]))
      lines += texts.dropFirst().map { ("", $0) }
    }
    for (index, part) in remainder.enumerated() {
      lines.append((index == 0 ? "user space" : "", part))
    }
    lines.append(("tcp_info", Self.reading(request.details.contains(.figures))))
    lines.append(("owners", Self.reading(request.details.contains(.ownerNames))))
    return lines.map { line in
      let padding = String(repeating: " ", count: 14 - line.heading.utf8.count)
      return "\(line.heading)\(padding)\(EscapedText.escaped(line.text))\n"
    }.joined()
  }

  /// Writes the explanation as one JSON document.
  package func write(to json: inout JSONWriter) {
    json.object { json in
      moment.write(to: &json)
      json.array("kernel") { json in
        for plan in request.dumps { Self.write(plan, to: &json) }
      }
      json.array("user_space") { json in
        for part in remainder { json.element(part) }
      }
      json.object("reads") { json in
        json.member("tcp_info", request.details.contains(.figures))
        json.member("congestion", request.details.contains(.congestion))
        json.member("owners", request.details.contains(.ownerNames))
      }
    }
    json.endDocument()
  }

  /// The conditions that connreap checks for every listed socket, in evaluation order.
  private var remainder: [String] { request.selection.predicate.conjuncts.map { "\($0)" } }

  private static func lines(of plan: DumpPlan) -> [String] {
    guard plan.request != nil else { return ["not queried: no match possible"] }
    var lines = ["state \(plan.split.states.nameList)"]
    guard let program = plan.program else { return lines }
    lines.append("\(program.condition)")
    lines.append(
      "bytecode: \(program.instructionCount) "
        + "instruction\(Count.plural(program.instructionCount)), \(program.bytes.count) bytes")
    return lines
  }

  package static let printers = Printers<ScanExplanation>(
    table: { content, _, stream in try stream.write(content.text) },
    json: { content, _, stream in try stream.writeJSON(content.write) })

  private static func reading(_ isRead: Bool) -> String { isRead ? "read" : "not read" }

  private static func write(_ plan: DumpPlan, to json: inout JSONWriter) {
    json.object { json in
      json.member("family", plan.split.family.name)
      json.member("asked", plan.request != nil)
      json.array("states") { json in
        for name in plan.split.states.names { json.element(name) }
      }
      json.member("condition", plan.program.map { "\($0.condition)" })
      json.member("instructions", plan.program?.instructionCount ?? 0)
      json.member("bytes", plan.program?.bytes.count ?? 0)
    }
  }
}
