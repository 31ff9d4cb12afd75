import Connections
import DescriptorActions

/// Fake descriptors of processes that record requests.
final class FakeDescriptors: DescriptorAccess {
  /// The requests, in order.
  struct Asked: Equatable {
    let action: DescriptorAction
    let cookie: UInt64
    let pid: Int32
    let number: Int32
    var isMPTCPSubflow = false
  }

  private(set) var asked: [Asked] = []
  /// Answers a request, and may change the sockets of the kernel.
  var answer: (Asked) throws(DescriptorProblem) -> DescriptorEffect = {
    (_) throws(DescriptorProblem) in .done
  }

  func perform(
    _ action: DescriptorAction, on identity: SocketIdentity, isMPTCPSubflow: Bool,
    through descriptor: SocketDescriptor
  ) throws(DescriptorProblem) -> DescriptorEffect {
    let request = Asked(
      action: action, cookie: identity.cookie.rawValue, pid: descriptor.process.pid,
      number: descriptor.number, isMPTCPSubflow: isMPTCPSubflow)
    asked.append(request)
    return try answer(request)
  }
}
