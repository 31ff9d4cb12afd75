import DescriptorActions
import Netlink

/// How far the closing of one connection came, before the last look.
enum ClosingAttempt {
  case decided(Outcome.Result)
  /// The kernel has done it.
  case acknowledged
  /// The kernel did not find it by its addresses and cookie.
  case notFound
  /// The request was sent and no answer came: it may have been done.
  case unanswered(NetlinkProblem)
  /// No descriptor led to it: it may have ended.
  case unreached(DescriptorProblem)
}
