package import Rendering

/// Why a plan cannot be read back.
package struct PlanFileProblem: Error, Equatable {
  /// `line 3, column 15`, or `connections[3].cookie`; empty for the whole plan.
  package let location: String
  package let message: String

  package init(_ location: String = "", _ message: String) {
    self.location = location
    self.message = message
  }

  /// A syntax error in the JSON of `bytes`.
  package init(_ problem: JSONProblem, in bytes: [UInt8]) {
    let before = bytes.prefix(problem.offset)
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 1
    location = "line \(line), column \(column)"
    message = bytes.isEmpty ? "the file is empty" : "not valid JSON"
  }
}

extension PlanFileProblem: CustomStringConvertible {
  package var description: String { location.isEmpty ? message : "\(location): \(message)" }
}
