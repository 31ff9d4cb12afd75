public import Connections

/// Acts on a socket through a descriptor that a process has of it.
public protocol DescriptorAccess {
  /// Does `action` to the socket that `identity` names, through `descriptor`.
  ///
  /// Nothing is done when the descriptor turns out to be anything else.
  ///
  /// - Parameter isMPTCPSubflow: whether the socket is a subflow of an MPTCP connection: programs
  ///   have descriptors of the connection only, and the action is done to that.
  func perform(
    _ action: DescriptorAction, on identity: SocketIdentity, isMPTCPSubflow: Bool,
    through descriptor: SocketDescriptor
  ) throws(DescriptorProblem) -> DescriptorEffect
}
