public import SystemPackage

/// Why an action through a descriptor failed.
public enum DescriptorProblem: Error, Hashable, Sendable {
  /// The process has exited, or another process has its pid now.
  case processGone(pid: Int32)
  /// The process no longer has this descriptor (`EBADF`).
  case descriptorGone(SocketDescriptor)
  /// The descriptor now refers to something else: not a socket, or one with another `SO_COOKIE`.
  case otherSocket(SocketDescriptor)
  /// `EPERM`: the process belongs to another user, is not dumpable, or a security module protects it.
  case notPermitted(pid: Int32)
  /// `ENOSYS`: the kernel has no pidfd_getfd(2), or a seccomp filter hides it.
  case notSupported
  /// `ENOTCONN`: it is the right socket, but its connection has ended.
  case notConnected
  /// The call succeeded but had no effect on the socket.
  case noEffect(Call)
  /// Any other error: the call and its errno.
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

  /// Whether another descriptor of the same socket may succeed.
  public var isSpecificToDescriptor: Bool {
    switch self {
    case .processGone, .descriptorGone, .otherSocket, .notPermitted: true
    case .notSupported, .notConnected, .noEffect, .failed: false
    }
  }
}

extension DescriptorProblem: CustomStringConvertible {
  /// The message for a user, to follow "failed".
  public var description: String {
    switch self {
    case .processGone(let pid): "process \(pid), which held it, has exited"
    case .descriptorGone(let descriptor): "\(descriptor) is closed"
    case .otherSocket(let descriptor): "\(descriptor) now refers to something else"
    case .notPermitted(let pid):
      "operation not permitted: accessing process \(pid) needs CAP_SYS_PTRACE"
    case .notSupported: "this kernel has no pidfd_getfd (needs Linux 5.6)"
    case .notConnected: "no longer connected"
    case .noEffect(let call): "\(call.rawValue) succeeded but had no effect"
    case .failed(let call, let errno): "\(call.rawValue): \(errno)"
    }
  }
}
