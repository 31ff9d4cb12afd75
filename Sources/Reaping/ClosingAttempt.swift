import DescriptorActions
import Netlink

/// The result of trying to close one connection, before verification.
enum ClosingAttempt {
  case decided(Outcome.Result)
  /// The kernel reported success.
  case acknowledged
  /// The kernel did not find the connection by its addresses and cookie.
  case notFound
  /// The request was sent but not answered: it may have been carried out.
  case unanswered(NetlinkProblem)
  /// No descriptor led to the connection: it may have ended.
  case unreached(DescriptorProblem)
}
