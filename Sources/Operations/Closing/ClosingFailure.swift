import DescriptorActions
import Presentation
import Privileges
package import Reaping

/// Turns the outcomes of a plan into the exit code of the run.
package enum ClosingFailure {
  /// Throws unless every connection was closed.
  package static func check(_ outcomes: [Outcome]) throws(CommandFailure) {
    let counts = OutcomeCounts(outcomes)
    guard !counts.isSuccess else { return }
    let failures = outcomes.compactMap { outcome -> Outcome.FailureReason? in
      if case .failed(let reason) = outcome.result { reason } else { nil }
    }
    let isAll = counts.closed == 0 && counts.armed == 0 && counts.unverified == 0
    guard isAll, let first = failures.first else { throw CommandFailure.silent(.failed) }
    if failures.allSatisfy({ $0 == .notPermitted }) {
      throw CommandFailure(
        .permission, "nothing was closed: operation not permitted",
        remedy: ClosingPermission.foreignNamespaceRemedy)
    }
    if failures.allSatisfy(\.isForbiddenDescriptor) {
      throw CommandFailure(
        .permission, "nothing was done: operation not permitted", remedy: remedyForDescriptors)
    }
    if failures.allSatisfy({ $0 == .notSupported }) {
      throw CommandFailure(
        .unavailable, "nothing was closed: this kernel cannot destroy them",
        remedy: "try --method shutdown")
    }
    if first == .descriptor(.notSupported), failures.allSatisfy({ $0 == first }) {
      throw CommandFailure(.unavailable, "nothing was done: \(first)")
    }
    throw CommandFailure.silent(.failed)
  }

  /// What to do if descriptors of other processes cannot be duplicated.
  private static var remedyForDescriptors: String {
    MissingCapabilities(.reachingOthersDescriptors).map { "\($0)" }
      ?? """
      CAP_SYS_PTRACE is held, but not in the user namespace of these processes, or a security \
      module forbids it (kernel.yama.ptrace_scope 3 does); see 'connreap doctor'
      """
  }
}

extension Outcome.FailureReason {
  /// Whether the kernel forbids duplicating the owner's descriptor.
  fileprivate var isForbiddenDescriptor: Bool {
    if case .descriptor(.notPermitted) = self { true } else { false }
  }
}
