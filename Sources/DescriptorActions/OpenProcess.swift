internal import CLinuxProcess
internal import Glibc
internal import SystemPackage

/// A process held open with pidfd_open(2), so that reuse of its pid does no harm.
public struct OpenProcess: ~Copyable {
  /// The pid that was opened.
  public let pid: Int32

  private let descriptor: Int32

  /// Opens the process that currently has `pid`.
  ///
  /// - Throws: ``DescriptorProblem/processGone(pid:)``, or ``DescriptorProblem/notSupported`` before
  ///   Linux 5.3.
  public init(_ pid: Int32) throws(DescriptorProblem) {
    descriptor = open_process(pid)
    guard descriptor >= 0 else { throw Self.problem(Errno(rawValue: errno), pid) }
    self.pid = pid
  }

  deinit { close(descriptor) }

  /// Duplicates a descriptor of the process (pidfd_getfd(2)).
  ///
  /// - Throws: ``DescriptorProblem/notPermitted(pid:)`` where ptrace(2) could not attach either, and
  ///   ``DescriptorProblem/notSupported`` before Linux 5.6.
  public borrowing func duplicate(
    _ descriptor: SocketDescriptor
  ) throws(DescriptorProblem) -> DuplicatedSocket {
    let copy = duplicate_descriptor(self.descriptor, descriptor.number)
    guard copy >= 0 else {
      let code = Errno(rawValue: errno)
      switch code {
      case .badFileDescriptor: throw .descriptorGone(descriptor)
      case .noSuchProcess: throw .processGone(pid: pid)
      case .notPermitted, .permissionDenied: throw .notPermitted(pid: pid)
      case .noFunction: throw .notSupported
      default: throw .failed(.duplicate, code)
      }
    }
    return DuplicatedSocket(taking: copy)
  }

  /// Checks that descriptors of the process can be duplicated, without touching one.
  ///
  /// It requests an impossible descriptor: the kernel checks the permission before the number.
  ///
  /// - Throws: the same errors as ``duplicate(_:)``.
  public borrowing func checkAccess() throws(DescriptorProblem) {
    let copy = duplicate_descriptor(descriptor, .max)
    guard copy < 0 else {
      close(copy)
      return
    }
    let code = Errno(rawValue: errno)
    switch code {
    case .badFileDescriptor: return
    case .noSuchProcess: throw .processGone(pid: pid)
    case .notPermitted, .permissionDenied: throw .notPermitted(pid: pid)
    case .noFunction: throw .notSupported
    default: throw .failed(.duplicate, code)
    }
  }

  private static func problem(_ code: Errno, _ pid: Int32) -> DescriptorProblem {
    switch code {
    // EINVAL: the pid is that of a thread, so the process that was found is gone.
    case .noSuchProcess, .invalidArgument: .processGone(pid: pid)
    case .noFunction: .notSupported
    default: .failed(.openProcess, code)
    }
  }
}
