import Connections
package import Reaping
package import Rendering

/// The number of outcomes of each kind.
package struct OutcomeCounts: Equatable {
  package private(set) var closed = 0
  package private(set) var gone = 0
  /// Includes ``armed``.
  package private(set) var spared = 0
  package private(set) var armed = 0
  /// Includes ``notDone``.
  package private(set) var failed = 0
  package private(set) var notDone = 0
  package private(set) var unverified = 0

  /// The second ends of connections whose both ends are on this machine and have ended: among
  /// ``closed`` and among ``gone``.
  private var closedOtherEnds = 0
  private var goneOtherEnds = 0

  package init(_ outcomes: [Outcome]) {
    for outcome in outcomes {
      switch outcome.result {
      case .closed: closed += 1
      case .gone: gone += 1
      case .spared(.armed):
        spared += 1
        armed += 1
      case .spared: spared += 1
      case .failed(.notDone):
        failed += 1
        notDone += 1
      case .failed: failed += 1
      case .unverified: unverified += 1
      }
    }
    countOtherEnds(outcomes)
  }

  /// One end of a connection, by its addresses.
  private struct End: Hashable {
    let namespace: UInt16
    let localBits: UInt128
    let peerBits: UInt128
    let localPort: UInt16
    let peerPort: UInt16

    init(_ connection: Connection) {
      let identity = connection.identity
      namespace = connection.namespace
      (localBits, localPort) = (identity.localBits, identity.localPort)
      (peerBits, peerPort) = (identity.peerBits, identity.peerPort)
    }

    private init(otherOf end: End) {
      namespace = end.namespace
      (localBits, localPort) = (end.peerBits, end.peerPort)
      (peerBits, peerPort) = (end.localBits, end.localPort)
    }

    var other: End { End(otherOf: self) }
  }

  /// Counts second ends: both ends of a local connection are listed, and closing one ends both.
  private mutating func countOtherEnds(_ outcomes: [Outcome]) {
    // The other end can be an outcome only if the peer's port is a local port of one. This excludes
    // most connections quickly.
    var isLocal = [Bool](repeating: false, count: 1 << UInt16.bitWidth)
    for outcome in outcomes { isLocal[Int(outcome.step.connection.identity.localPort)] = true }
    let outcomes = outcomes.lazy.filter {
      isLocal[Int($0.step.connection.identity.peerPort)]
    }
    var closedEnds: Set<End> = []
    for outcome in outcomes where outcome.result == .closed {
      let end = End(outcome.step.connection)
      if closedEnds.contains(end.other) {
        closedOtherEnds += 1
      } else {
        closedEnds.insert(end)
      }
    }
    for outcome in outcomes where outcome.result == .gone {
      if closedEnds.contains(End(outcome.step.connection).other) { goneOtherEnds += 1 }
    }
  }

  /// The number of connections that were listed at both ends and have ended.
  package var otherEnds: Int { closedOtherEnds + goneOtherEnds }

  /// `closed 3, gone 0, failed 0`, and other non-zero counts. A connection listed at both ends
  /// counts once.
  package var line: String {
    var parts: [String] = []
    let closed = closed - closedOtherEnds
    if armed == 0 || closed > 0 { parts.append("closed \(Count.text(closed))") }
    if armed > 0 { parts.append("armed \(Count.text(armed))") }
    parts.append("gone \(Count.text(gone - goneOtherEnds))")
    parts.append("failed \(Count.text(failed - notDone))")
    if notDone > 0 { parts.append("not done \(Count.text(notDone))") }
    if unverified > 0 { parts.append("unverified \(Count.text(unverified))") }
    if spared > armed { parts.append("spared \(Count.text(spared - armed))") }
    let line = parts.joined(separator: ", ")
    guard otherEnds > 0 else { return line }
    return line + "; \(Count.text(otherEnds)) other end\(Count.plural(otherEnds)) on this machine "
      + "closed with \(otherEnds == 1 ? "it" : "them")"
  }

  /// Whether every connection of the plan was closed, gone or spared.
  package var isSuccess: Bool { failed == 0 && unverified == 0 }

  /// Writes the counts. ``otherEnds`` is the number of connections counted twice, as closed or
  /// gone.
  package func write(to json: inout JSONWriter) {
    json.member("closed", closed)
    json.member("gone", gone)
    json.member("spared", spared)
    json.member("armed", armed)
    json.member("failed", failed)
    json.member("not_done", notDone)
    json.member("unverified", unverified)
    json.member("other_ends", otherEnds)
  }
}
