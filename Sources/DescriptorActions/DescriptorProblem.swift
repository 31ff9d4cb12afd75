public import SystemPackage

/// Why nothing could be done through a descriptor.
public enum DescriptorProblem: Error, Hashable, Sendable {
  /// The process has ended, or its pid is another's now.
  case processGone(pid: Int32)
  /// The process has no such descriptor any more (`EBADF`).
  case descriptorGone(SocketDescriptor)
  /// The descriptor is something else now: no socket, or one with another `SO_COOKIE`.
  case otherSocket(SocketDescriptor)
  /// `EPERM`: the process is another user's, not dumpable, or guarded by a security module.
  case notPermitted(pid: Int32)
  /// `ENOSYS`: the kernel has no pidfd_getfd(2), or a filter of system calls denies that it has.
  case notSupported
  /// `ENOTCONN`: it is the right socket, and its connection has ended.
  case notConnected
  /// The call said yes, and the socket shows nothing of it.
  case noEffect(Call)
  /// Anything else: what was called, and what it said.
  case failed(Call, Errno)

  /// A system call.
  public enum Call: String, Sendable {
    /// pidfd_open(2).
    case openProcess = "pidfd_open"
    /// pidfd_getfd(2).
    case duplicate = "pidfd_getfd"
    /// shutdown(2).
    case shutdown
    /// connect(2).
    case connect
    /// getsockopt(2).
    case readOption = "getsockopt"
    /// setsockopt(2).
    case setOption = "setsockopt"
  }

  /// Whether another descriptor of the same socket may do where this one did not.
  public var isOfThisDescriptor: Bool {
    switch self {
    case .processGone, .descriptorGone, .otherSocket, .notPermitted: true
    case .notSupported, .notConnected, .noEffect, .failed: false
    }
  }
}

extension DescriptorProblem: CustomStringConvertible {
  /// The problem, as a user reads it behind "failed".
  public var description: String {
    switch self {
    case .processGone(let pid): "process \(pid), which held it, has ended"
    case .descriptorGone(let descriptor): "\(descriptor) is closed"
    case .otherSocket(let descriptor): "\(descriptor) is something else now"
    case .notPermitted(let pid):
      "operation not permitted: process \(pid) cannot be reached into without CAP_SYS_PTRACE"
    case .notSupported: "this kernel has no pidfd_getfd (Linux 5.6 has)"
    case .notConnected: "it is not connected any more"
    case .noEffect(let call): "\(call.rawValue) said yes, and nothing came of it"
    case .failed(let call, let errno): "\(call.rawValue): \(errno)"
    }
  }
}
