internal import CLinuxProcess
internal import Glibc
internal import SystemPackage

/// A process that is kept open (pidfd_open(2)): whatever becomes of its pid, this stays that one.
public struct OpenProcess: ~Copyable {
  /// The pid by which it was opened.
  public let pid: Int32

  private let descriptor: Int32

  /// Opens the process that has `pid` now.
  ///
  /// - Throws: ``DescriptorProblem/processGone(pid:)``, or ``DescriptorProblem/notSupported`` before
  ///   Linux 5.3.
  public init(_ pid: Int32) throws(DescriptorProblem) {
    descriptor = open_process(pid)
    guard descriptor >= 0 else { throw Self.problem(Errno(rawValue: errno), pid) }
    self.pid = pid
  }

  deinit { close(descriptor) }

  /// A duplicate of the process's descriptor `number` (pidfd_getfd(2)).
  ///
  /// - Throws: ``DescriptorProblem/notPermitted(pid:)`` where ptrace(2) may not attach either, and
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

  /// Whether descriptors of the process can be duplicated, found out without touching one: the
  /// kernel asks for the permission before it looks at the number, which is one that none can have.
  ///
  /// - Throws: as ``duplicate(_:)``, when they cannot.
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
    // EINVAL: the pid is of a thread that leads no process, so of none that was found.
    case .noSuchProcess, .invalidArgument: .processGone(pid: pid)
    case .noFunction: .notSupported
    default: .failed(.openProcess, code)
    }
  }
}
