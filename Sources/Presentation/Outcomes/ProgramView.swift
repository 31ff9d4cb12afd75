import Connections
package import Reaping

/// What a program sees of a connection that was closed from outside, as measured.
package enum ProgramView {
  /// What it sees of the connection of `step`; nil where that is not known.
  package static func text(of step: Plan.Step) -> String? {
    switch (step.method, step.connection.state) {
    case (.destroy, .established):
      "reading gives ECONNABORTED, then the end of file; writing gives EPIPE"
    case (.destroy, .closeWait):
      "reading still gives the end of file; writing gives ECONNABORTED, then EPIPE"
    case (.shutdown, .established), (.shutdown, .closeWait):
      "reading gives what had arrived, then the end of file; writing gives EPIPE"
    case (.abort, .established), (.abort, .closeWait):
      "reading gives ECONNRESET, then ENOTCONN, and what had arrived is lost; writing gives EPIPE"
    default: nil
    }
  }

  /// What programs see of all that was closed, one sentence for each kind; none where nothing was.
  package static func sentences(after outcomes: [Outcome]) -> [String] {
    var order: [String] = []
    var states: [String: [TCPState]] = [:]
    for outcome in outcomes where outcome.result == .closed {
      guard let text = text(of: outcome.step) else { continue }
      let state = outcome.step.connection.state
      if states[text] == nil { order.append(text) }
      if states[text]?.contains(state) != true { states[text, default: []].append(state) }
    }
    return order.map { text in
      guard order.count > 1 else { return "In the program \(text)." }
      let labels = states[text, default: []].map(\.label).joined(separator: " and ")
      return "In the program, from \(labels), \(text)."
    }
  }
}
