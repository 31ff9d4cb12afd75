package import Reaping
import Rendering

// Text about a plan as a whole.
extension Plan {
  /// `3 of 1,204 connections will be closed (RST to the peer); 1 is spared:`
  package func heading(_ verb: String) -> String {
    let (close, spare) = (closings.count, steps.count - closings.count)
    let spared = spare == 0 ? "" : "; \(Count.text(spare)) \(spare == 1 ? "is" : "are") spared"
    let subject =
      if let total = snapshot.total {
        "\(Count.text(close)) of \(Count.text(total)) connection\(Count.plural(total))"
      } else {
        "\(Count.text(close)) connection\(Count.plural(close))"
      }
    return "\(subject) \(verb) (\(effectOnPeer))\(spared):"
  }

  /// The line shown instead if nothing remains to close.
  package var nothingToClose: String {
    let isAnyGone = steps.contains { $0.decision == .spare(.ended) }
    return "Nothing to close: all are \(isAnyGone ? "gone or spared" : "spared")."
  }

  /// The question before the plan is carried out.
  package var question: String {
    let count = closings.count
    let object = count == 1 ? "it" : "\(Count.text(count)) connections"
    return "\(closes ? "Close" : "Arm") \(object)? [y/N] "
  }

  /// The verb for its connections, which all have the same method.
  package var verb: String { closes ? "closed" : "armed" }

  /// What the method does to the peers.
  private var effectOnPeer: String { (closings.first?.method ?? .destroy).effectOnPeer }

  private var closes: Bool { closings.first?.method.closes ?? true }

  /// Whether privileges would help: to close, or to read the owners whose absence spares
  /// connections.
  package var needsPrivileges: Bool {
    steps.contains {
      $0.decision == .close || $0.decision.isForUnknownOwner
        || $0.decision == .spare(.noDescriptor)
    }
  }
}
