package import Reaping
import Rendering

// What is said of a plan as a whole.
extension Plan {
  /// `These 3 connections of 1,204 will be closed (RST to the peer); 1 is spared:`
  package func heading(_ verb: String) -> String {
    let (close, spare) = (closings.count, steps.count - closings.count)
    let subject =
      close == 1 ? "This connection" : "These \(Count.text(close)) connections"
    let spared = spare == 0 ? "" : "; \(Count.text(spare)) \(spare == 1 ? "is" : "are") spared"
    let total = snapshot.total.map { " of \(Count.text($0))" } ?? ""
    return "\(subject)\(total) \(verb) (\(effectOnPeer))\(spared):"
  }

  /// What stands in its place when all are spared.
  package var nothingToClose: String {
    let isAnyGone = steps.contains { $0.decision == .spare(.ended) }
    return "Nothing to close: all are \(isAnyGone ? "gone or spared" : "spared")."
  }

  /// What is asked before it is carried out.
  package var question: String {
    "\(closes ? "Close" : "Arm") \(closings.count == 1 ? "it" : "them")? [y/N] "
  }

  /// What is done to its connections, which are closed all in the same way.
  package var deed: String { closes ? "closed" : "armed" }

  /// What that does to their peers.
  private var effectOnPeer: String { (closings.first?.method ?? .destroy).effectOnPeer }

  private var closes: Bool { closings.first?.method.closes ?? true }

  /// Whether the privilege to close would change anything: what is spared only because its owner
  /// could not be read is as a rule out of sight for want of privileges.
  package var wantsPrivileges: Bool {
    steps.contains {
      $0.decision == .close || $0.decision.isForLackOfOwners
        || $0.decision == .spare(.noDescriptor)
    }
  }
}
