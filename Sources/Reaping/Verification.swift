import Connections
import Netlink
import SocketDiagnostics

/// Verifies at the end of a run which connections are closed.
///
/// Each connection that the kernel claims to have closed is looked up. Where that is impossible, a
/// dump decides.
struct Verification {
  let plan: Plan
  /// Opens a conversation with the kernel in a network namespace.
  let converse: (UInt16) throws(NetlinkProblem) -> TCPDiagnostics

  private static let lookAttempts = 4
  /// How many connections are looked up together: their answers fit well into a socket's buffer.
  private static let lookedUpTogether = 32

  /// The scope of one dump.
  private struct Place: Hashable {
    let namespace: UInt16
    let family: AddressFamily
  }

  private typealias Look = Result<[SocketCookie: TCPState], NetlinkProblem>

  /// The outcomes of `attempts`, one per step of the plan.
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

  /// The state of each connection that the kernel claims to have closed; the inner nil if it is not
  /// found, the outer nil if it was not looked up or that failed.
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

  /// The states of the connections of the steps at `indices`, over `session` or a new conversation.
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

  /// - Parameter listed: the state in which the kernel lists it now; nil if it does not.
  private static func outcome(
    of step: Plan.Step, _ attempt: ClosingAttempt, listed: TCPState?
  ) -> Outcome {
    // A closed socket may be found in CLOSE for a moment.
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
    // The descriptor showed the end of the MPTCP connection; its subflows wait for the peer's FIN.
    let hasEnded = state.hasSentItsEnd || step.connection.isMPTCPSubflow
    return step.method == .shutdown && hasEnded
      ? Outcome(step, .closed, ending: state) : Outcome(step, .unverified(.stillListed(state)))
  }

  /// The plan's sockets that the kernel lists in `place`, with their states.
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
        guard error.isTransient, attemptsLeft > 0 else { return .failure(error) }
      }
    }
  }
}

extension TCPState {
  /// Whether the local end has sent its FIN, so that the connection waits only for its peer.
  fileprivate var hasSentItsEnd: Bool {
    switch self {
    case .finWait1, .finWait2, .closing, .lastAck, .timeWait: true
    default: false
    }
  }
}
