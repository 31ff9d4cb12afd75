package import Operations
package import Presentation
package import Reaping

/// The outcomes of a plan, or why nothing was closed.
package struct TopOutcomes: Sendable {
  package let outcomes: [Outcome]
  /// How the owners of the closed connections reacted.
  package let reactions: [OwnerReaction]
  package let text: ConnectionText?
  package let failure: CommandFailure?
}
