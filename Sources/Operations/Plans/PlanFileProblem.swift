package import Rendering

/// What is wrong with a plan that is read back: where, and what.
package struct PlanFileProblem: Error, Equatable {
  /// `line 3, column 15`, or `connections[3].cookie`; empty for the plan as a whole.
  package let place: String
  package let message: String

  package init(_ place: String = "", _ message: String) {
    self.place = place
    self.message = message
  }

  /// The bytes that are no JSON at this place.
  package init(_ problem: JSONProblem, in bytes: [UInt8]) {
    let before = bytes.prefix(problem.offset)
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 1
    place = "line \(line), column \(column)"
    message = bytes.isEmpty ? "the file is empty" : "this is no JSON"
  }
}

extension PlanFileProblem: CustomStringConvertible {
  package var description: String { place.isEmpty ? message : "\(place): \(message)" }
}
