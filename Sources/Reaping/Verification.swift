import Connections
import Netlink
import SocketDiagnostics

/// The last look: what became of what was tried.
///
/// Each connection is looked up that the kernel says it has closed; what cannot be looked up is
/// decided by a dump of the place.
struct Verification {
  let plan: Plan
  /// Opens a conversation with the kernel, of a network namespace.
  let converse: (UInt16) throws(NetlinkProblem) -> TCPDiagnostics

  private static let lookAttempts = 4
  /// How many connections are looked up together: their answers fit well into a socket's buffer.
  private static let lookedUpTogether = 32

  /// What one dump shows.
  private struct Place: Hashable {
    let namespace: UInt16
    let family: AddressFamily
  }

  private typealias Look = Result<[SocketCookie: TCPState], NetlinkProblem>

  /// Decides what `attempts`, one a step of the plan, have left open.
  func outcomes(of attempts: [ClosingAttempt]) -> [Outcome] {
    let found = lookUp(attempts)
    var looks: [Place: Look] = [:]
    var outcomes: [Outcome] = []
    outcomes.reserveCapacity(attempts.count)
    for (index, (step, attempt)) in zip(plan.steps, attempts).enumerated() {
      if case .decided(let result) = attempt {
        outcomes.append(Outcome(step, result))
        continue
      }
      if let listed = found[index] {
        let outcome = Self.outcome(of: step, attempt, listed: listed)
        if outcome.result == .closed {
          outcomes.append(outcome)
          continue
        }
      }
      let place = Place(
        namespace: step.connection.namespace, family: step.connection.identity.family)
      let look = looks[place] ?? self.look(at: place)
      looks[place] = look
      switch look {
      case .failure(let problem):
        outcomes.append(Outcome(step, .unverified(.cannotLook(problem))))
      case .success(let listed):
        outcomes.append(Self.outcome(of: step, attempt, listed: listed[step.connection.cookie]))
      }
    }
    return outcomes
  }

  /// The state in which the kernel has each connection that it says it has closed, within that nil
  /// when it finds none such; nil for those that were not, or could not be, looked up.
  private func lookUp(_ attempts: [ClosingAttempt]) -> [TCPState??] {
    var found = [TCPState??](repeating: .none, count: attempts.count)
    var places: [UInt16: [Int]] = [:]
    for (index, attempt) in attempts.enumerated() {
      guard case .acknowledged = attempt else { continue }
      places[plan.steps[index].connection.namespace, default: []].append(index)
    }
    for (namespace, indices) in places {
      var session: TCPDiagnostics?
      for start in stride(from: 0, to: indices.count, by: Self.lookedUpTogether) {
        let together = indices[start...].prefix(Self.lookedUpTogether)
        guard let states = try? lookUp(together, in: namespace, over: &session) else { continue }
        for case (let index, .success(let state)) in zip(together, states) {
          found[index] = .some(state)
        }
      }
    }
    return found
  }

  /// The states of the connections of the steps at `indices`, over a conversation that is opened
  /// anew when there is none.
  private func lookUp(
    _ indices: ArraySlice<Int>, in namespace: UInt16, over session: inout TCPDiagnostics?
  ) throws(NetlinkProblem) -> [Result<TCPState?, NetlinkProblem>] {
    var open: TCPDiagnostics
    if let session { open = session } else { open = try converse(namespace) }
    // Out of step with the kernel, a conversation is not used again.
    session = nil
    let identities = indices.map { plan.steps[$0].connection.identity }
    let found = try open.lookUp(identities, details: [])
    session = open
    return found.map { $0.map { $0?.state } }
  }

  /// - Parameter listed: the state in which the kernel lists it now; nil when it does not.
  private static func outcome(
    of step: Plan.Step, _ attempt: ClosingAttempt, listed: TCPState?
  ) -> Outcome {
    // What was made to end may be found for a moment yet, in CLOSE.
    let state = listed == .closed || listed == .boundInactive ? nil : listed
    switch (attempt, state) {
    case (.decided(let result), _): return Outcome(step, result)
    case (.acknowledged, nil), (.unanswered, nil): return Outcome(step, .closed)
    case (.acknowledged, let state?): return acknowledged(step, listed: state)
    case (.notFound, nil), (.notFound, .timeWait): return Outcome(step, .gone)
    case (.notFound, _): return Outcome(step, .failed(.notFoundByAddress))
    case (.unanswered(let problem), _): return Outcome(step, .failed(.netlink(problem)))
    case (.unreached, nil), (.unreached, .timeWait): return Outcome(step, .gone)
    case (.unreached(let problem), _): return Outcome(step, .failed(.descriptor(problem)))
    }
  }

  private static func acknowledged(_ step: Plan.Step, listed state: TCPState) -> Outcome {
    // The subflows of an MPTCP connection, whose end the descriptor has shown, wait for the peer's.
    let hasEnded = state.hasSentItsEnd || step.connection.isMPTCPSubflow
    return step.method == .shutdown && hasEnded
      ? Outcome(step, .closed, ending: state) : Outcome(step, .unverified(.stillListed(state)))
  }

  /// Which of the plan's sockets in `place` the kernel lists now, and in which state.
  private func look(at place: Place) -> Look {
    let wanted = Set(plan.steps.map(\.connection.cookie))
    let request = DumpRequest(family: place.family, states: .all, details: [])
    var attemptsLeft = Self.lookAttempts
    while true {
      attemptsLeft -= 1
      do throws(NetlinkProblem) {
        var listed: [SocketCookie: TCPState] = [:]
        var diagnostics = try converse(place.namespace)
        try diagnostics.dump(request) { row in
          if wanted.contains(row.cookie) { listed[row.cookie] = row.state }
        }
        return .success(listed)
      } catch {
        guard error.isPassing, attemptsLeft > 0 else { return .failure(error) }
      }
    }
  }
}

extension TCPState {
  /// Whether the local end has ended, so that the connection waits for its peer only.
  fileprivate var hasSentItsEnd: Bool {
    switch self {
    case .finWait1, .finWait2, .closing, .lastAck, .timeWait: true
    default: false
    }
  }
}
