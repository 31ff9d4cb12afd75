public import Connections

/// Acts on a socket through a descriptor that a process holds.
public protocol DescriptorAccess {
  /// Performs `action` on the socket with `identity`, through `descriptor`.
  ///
  /// Does nothing if the descriptor refers to anything else.
  ///
  /// - Parameter isMPTCPSubflow: whether the socket is a subflow of an MPTCP connection. Programs hold
  ///   descriptors only for the whole connection, so the action applies to that.
  func perform(
    _ action: DescriptorAction, on identity: SocketIdentity, isMPTCPSubflow: Bool,
    through descriptor: SocketDescriptor
  ) throws(DescriptorProblem) -> DescriptorEffect
}
