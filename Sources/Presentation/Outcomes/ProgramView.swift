import Connections
package import Reaping

/// What a program sees after connreap has closed its connection, as measured.
package enum ProgramView {
  /// What the program sees on the connection of `step`; nil if unknown.
  package static func text(of step: Plan.Step) -> String? {
    switch (step.method, step.connection.state) {
    case (.destroy, .established):
      "read → ECONNABORTED, then EOF; write → EPIPE"
    case (.destroy, .closeWait):
      "read → EOF, as before; write → ECONNABORTED, then EPIPE"
    case (.shutdown, .established), (.shutdown, .closeWait):
      "read → data already received, then EOF; write → EPIPE"
    case (.abort, .established), (.abort, .closeWait):
      "read → ECONNRESET, then ENOTCONN (received data is lost); write → EPIPE"
    default: nil
    }
  }

  /// What programs see on all closed connections, one sentence for each kind.
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
      guard order.count > 1 else { return "The program now sees: \(text)." }
      let labels = states[text, default: []].map(\.label).joined(separator: " and ")
      return "The program now sees (\(labels)): \(text)."
    }
  }
}
